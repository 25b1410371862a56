# json: one object; the last value of a key counts, in the place of the first
function quote(text,  i, c, out) {
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        out = out (c == "\\" || c == "\"" ? "\\" c : c == "\t" ? "\\t" : c)
    }
    return "\"" out "\""
}
{ what = kind($0) }
what == "section" { at = name($0); open() }
what == "pair" {
    open()
    id = at SUBSEP key($0)
    if (!(id in values)) { count[at]++; names[at, count[at]] = key($0) }
    values[id] = value($0)
}
function open() { if (!(at in place)) { place[at] = ++total; section[total] = at } }
END {
    print "{"
    for (n = 1; n <= total; n++) {
        at = section[n]
        print "  " quote(at) ": {" (count[at] ? "" : "}" (n < total ? "," : ""))
        for (m = 1; m <= count[at]; m++) print "    " quote(names[at, m]) ": " quote(values[at SUBSEP names[at, m]]) (m < count[at] ? "," : "")
        if (count[at]) print "  }" (n < total ? "," : "")
    }
    print "}"
}

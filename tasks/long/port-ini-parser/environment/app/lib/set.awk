# set SECTION KEY VALUE: changes the first such pair and drops the others, or adds one behind the last pair or header of the
# first such section, or adds the section
{
    line[NR] = $0
    what = kind($0)
    if (what == "section") {
        at = name($0)
        if (at == A && !block) { block = ++blocks; behind = NR } else blocks++
        mine = (at == A && blocks == block)
    }
    if (what == "pair" && at == A && key($0) == B) { if (first) drop[NR] = 1; else first = NR }
    if (what == "pair" && mine) behind = NR
    if (what == "pair" && A == "" && !blocks) behind = NR
}
END {
    text = B " = " C
    if (!first && A == "" && !behind) print text
    for (n = 1; n <= NR; n++) {
        if (n == first) print text
        else if (!(n in drop)) print line[n]
        if (!first && n == behind) print text
    }
    if (!first && !behind && A != "") {
        if (NR && line[NR] != "") print ""
        print "[" A "]"
        print text
    }
}

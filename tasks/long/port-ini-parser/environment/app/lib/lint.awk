# lint: what looks wrong; 1 if anything does
function say(text) { print NR ": " text; bad = 1 }
{ what = kind($0) }
what == "junk" { say("not understood: " trim($0)) }
what == "section" {
    at = name($0)
    if (at == "") say("a section without a name")
    else if (at in headers) say("section again: " at " (line " headers[at] ")")
    else headers[at] = NR
}
what == "pair" {
    if (!(at in headers) && at == "") say("outside any section: " key($0))
    if (key($0) == "") say("no key")
    else if ((at, key($0)) in pairs) say("key again: " key($0) " (line " pairs[at, key($0)] ")")
    else pairs[at, key($0)] = NR
    if (value($0) == "") say("no value: " key($0))
}
END { exit bad }

# get SECTION KEY: the value; the last one counts. Pairs before any section are those of section "".
{ what = kind($0) }
what == "section" { at = name($0) }
what == "pair" && at == A && key($0) == B { found = 1; last = value($0) }
END { if (found) print last; exit !found }

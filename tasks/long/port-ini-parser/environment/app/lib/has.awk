# has SECTION KEY: says nothing, ends with 0 or 1. Keys in any case, sections as they are.
{ what = kind($0) }
what == "section" { at = name($0) }
what == "pair" && at == A && tolower(key($0)) == tolower(B) { found = 1; exit }
END { exit !found }

# keys SECTION: its keys, each once, in order. No such section: 1
{ what = kind($0) }
what == "section" { at = name($0); if (at == A) there = 1 }
what == "pair" && at == A { if (A == "") there = 1; if (!(key($0) in seen)) { seen[key($0)] = 1; print key($0) } }
END { exit !there }

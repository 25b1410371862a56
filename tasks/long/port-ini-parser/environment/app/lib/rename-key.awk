# rename-key SECTION OLD NEW: the value stays as it is written, blanks included
{ what = kind($0) }
what == "section" { at = name($0) }
what == "pair" && at == A && key($0) == B { print C " =" substr($0, index($0, "=") + 1); next }
{ print }

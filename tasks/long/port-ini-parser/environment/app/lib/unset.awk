# unset SECTION KEY: drops all such pairs. None: 1
{ what = kind($0) }
what == "section" { at = name($0) }
what == "pair" && at == A && key($0) == B { gone = 1; next }
{ print }
END { exit !gone }

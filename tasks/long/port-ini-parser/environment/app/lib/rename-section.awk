# rename-section OLD NEW
kind($0) == "section" && name($0) == A { print "[" B "]"; done = 1; next }
{ print }
END { exit !done }

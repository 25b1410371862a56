# add-section SECTION: at the end, after an empty line, unless it is there
{ print; last = $0 }
kind($0) == "section" && name($0) == A { there = 1 }
END { if (!there) { if (NR && last != "") print ""; print "[" A "]" } }

# strip: without comments and blank lines, everything else in its shortest form
{ what = kind($0) }
what == "section" { print "[" name($0) "]" }
what == "pair" { print key($0) "=" value($0) }
what == "junk" { print trim($0) }

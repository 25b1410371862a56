# remove-section SECTION: header, pairs and blanks; comments right above the next header stay with that one
{ what = kind($0) }
what == "section" { inside = (name($0) == A); if (!inside) printf "%s", held; held = "" }
inside && what == "comment" { held = held $0 "\n"; next }
inside { held = ""; next }
{ print }

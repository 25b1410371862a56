# dups: keys that a section has more than once, and how often
{ what = kind($0) }
what == "section" { at = name($0) }
what == "pair" { id = at "." key($0); if (!(id in times)) order[++total] = id; times[id]++ }
END { for (n = 1; n <= total; n++) if (times[order[n]] > 1) print order[n], times[order[n]] }

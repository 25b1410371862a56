# longest: the pair with the longest value; of equal ones the first. None: 1
{ what = kind($0) }
what == "section" { at = name($0) }
what == "pair" && (!found || length(value($0)) > most) { found = 1; most = length(value($0)); which = at "." key($0) }
END { if (found) print which, most; exit !found }

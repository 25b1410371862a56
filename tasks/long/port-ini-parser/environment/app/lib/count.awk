# count: lines by kind, those that occur
{ lines[kind($0)]++ }
END {
    n = split("section pair comment blank junk", kinds, " ")
    for (i = 1; i <= n; i++) if (lines[kinds[i]]) print kinds[i], lines[kinds[i]]
}

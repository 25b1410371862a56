# sum KEY: over all sections; of a value counts what is a number at its beginning
kind($0) == "pair" && key($0) == A {
    text = value($0)
    if (match(text, /^[-+]?[0-9]+(\.[0-9]*)?/)) total += substr(text, 1, RLENGTH)
}
END { printf "%.2f\n", total }

# format: the marks of neighbouring pairs below each other
function flush(  i) {
    for (i = 1; i <= held; i++) printf "%-" width "s = %s\n", keys[i], values[i]
    held = width = 0
}
kind($0) == "pair" {
    keys[++held] = key($0)
    values[held] = value($0)
    if (length(keys[held]) > width) width = length(keys[held])
    next
}
{ flush(); print (kind($0) == "section" ? "[" name($0) "]" : trim($0)) }
END { flush() }

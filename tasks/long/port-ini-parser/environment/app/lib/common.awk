# What all commands share.
BEGIN { A = ENVIRON["A"]; B = ENVIRON["B"]; C = ENVIRON["C"] }
function trim(text) { sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text); return text }
function kind(line) {
    line = trim(line)
    if (line == "") return "blank"
    if (line ~ /^[;#]/) return "comment"
    if (line ~ /^\[.*\]$/) return "section"
    if (index(line, "=") > 0) return "pair"
    return "junk"
}
function name(line) { line = trim(line); return trim(substr(line, 2, length(line) - 2)) }
function key(line) { return trim(substr(line, 1, index(line, "=") - 1)) }
function value(line) { return trim(substr(line, index(line, "=") + 1)) }

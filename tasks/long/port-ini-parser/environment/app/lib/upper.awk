# upper: pairs as assignments for a shell
function word(text) { text = toupper(text); gsub(/[^A-Z0-9]+/, "_", text); return text }
{ what = kind($0) }
what == "section" { at = word(name($0)) "_" }
what == "pair" {
    text = value($0)
    gsub(/'/, "'\\''", text)
    left = at word(key($0))
    if (left ~ /^[0-9]/) left = "_" left
    print left "='" text "'"
}

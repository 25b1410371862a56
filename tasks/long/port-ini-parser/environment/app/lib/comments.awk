# comments: number of the line and text, without marks
kind($0) == "comment" { text = trim($0); sub(/^[;#]+/, "", text); print NR ": " trim(text) }

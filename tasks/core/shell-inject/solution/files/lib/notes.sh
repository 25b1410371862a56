# The log of an app.

# remember RELEASE NOTE: one more line
remember() {
    printf '%s\t%s\t%s\n' "$1" "$TITLE" "${2//[$'\t\n']/ }" >>"$root/$app/log"
}

# history [TEXT]: the log, or what of it contains TEXT
history() {
    local log=$root/$app/log
    [ -f "$log" ] || return 0
    if [ $# -gt 0 ]; then
        grep -F -e "$1" -- "$log" || true
    else
        cat -- "$log"
    fi
}

# The log of an app.

# remember RELEASE NOTE: one more line
remember() {
    eval "echo -e \"$1\t$TITLE\t$2\"" >>$root/$app/log
}

# history [TEXT]: the log, or what of it contains TEXT
history() {
    [ -f $root/$app/log ] || return 0
    if [ $# -gt 0 ]; then
        grep $1 $root/$app/log || true
    else
        cat $root/$app/log
    fi
}

# Settings of an app.

# load APP: sets TITLE, KEEP, MODE and AFTER
load() {
    conf=$here/etc/$1.conf
    if [ ! -f $conf ]; then
        echo "hoist: no app is called $1" >&2
        exit 2
    fi
    TITLE=$1 KEEP=3 MODE=644 AFTER=
    while read line; do
        case $line in
            "" | \#*) continue ;;
        esac
        # The quotes around a value have to go, and eval does that.
        eval "$line"
    done <$conf
}

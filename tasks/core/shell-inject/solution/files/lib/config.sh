# Settings of an app.

# die MESSAGE: for whatever the caller got wrong
die() {
    printf 'hoist: %s\n' "$1" >&2
    exit 2
}

# load APP: sets TITLE, KEEP, MODE and AFTER; nothing in the file is evaluated
load() {
    local conf line value pair='^"(.*)"$'
    if [[ ! $1 =~ ^[a-z0-9][a-z0-9-]*$ ]] || [ ! -f "$here/etc/$1.conf" ]; then
        die "no app is called $1"
    fi
    conf=$here/etc/$1.conf
    TITLE=$1 KEEP=3 MODE=644 AFTER=
    while IFS= read -r line || [ -n "$line" ]; do
        value=${line#*=}
        if [[ $value =~ $pair ]]; then value=${BASH_REMATCH[1]}; fi
        case $line in
            TITLE=*) TITLE=$value ;;
            KEEP=*) KEEP=$value ;;
            MODE=*) MODE=$value ;;
            AFTER=*) AFTER=$value ;;
        esac
    done <"$conf"
    [[ $KEEP =~ ^[1-9][0-9]?$ ]] || die "etc/$1.conf: KEEP is a number from 1 to 99"
    [[ $MODE =~ ^[0-7]{3}$ ]] || die "etc/$1.conf: MODE is three octal digits"
    if [ -n "$AFTER" ]; then
        [[ $AFTER != */* && -f $here/hooks/$AFTER && -x $here/hooks/$AFTER ]] || die "etc/$1.conf: AFTER is a program in hooks"
    fi
}

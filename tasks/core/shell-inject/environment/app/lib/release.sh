# Releases of an app.

# releases: their numbers, in order
releases() {
    ls $root/$app/releases 2>/dev/null | sort -n
}

# deploy [-m NOTE] FILE...
deploy() {
    note=
    if [ "$1" = -m ]; then
        note=$2
        shift 2
    fi
    for file in $*; do
        if [ ! -f $file ]; then
            echo "hoist: $file: no such file" >&2
            exit 2
        fi
    done
    last=$(releases | tail -n 1)
    number=$((${last:-0} + 1))
    dir=$root/$app/releases/$number
    mkdir -p $dir
    for file in $*; do
        cp $file $dir
        chmod $MODE $dir/$(basename $file)
    done
    ln -sfn releases/$number $root/$app/current
    remember $number "$note"
    prune
    if [ -n "$AFTER" ]; then
        eval "$here/hooks/$AFTER $app $number"
    fi
    echo $number
}

# prune: removes all but the last KEEP releases
prune() {
    for old in $(releases | head -n -$((KEEP))); do
        rm -rf $root/$app/releases/$old
    done
}

# rollback [RELEASE]
rollback() {
    current=$(basename $(readlink $root/$app/current))
    if [ $# -gt 0 ]; then
        target=$1
    else
        target=$(releases | grep -x -B1 $current | grep -v -x $current)
    fi
    if [ -z "$target" ] || [ ! -d $root/$app/releases/$target ]; then
        echo "hoist: there is no such release" >&2
        exit 2
    fi
    ln -sfn releases/$target $root/$app/current
    echo $target
}

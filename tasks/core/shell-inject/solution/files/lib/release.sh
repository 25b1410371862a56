# Releases of an app.

# releases: their numbers, in order
releases() {
    ls -- "$root/$app/releases" 2>/dev/null | sort -n
}

# deploy [-m NOTE] [--] FILE...
deploy() {
    local note= file last number dir
    if [ "${1:-}" = -m ]; then
        [ $# -ge 2 ] || usage
        note=$2
        shift 2
    fi
    if [ "${1:-}" = -- ]; then
        shift
    fi
    [ $# -gt 0 ] || usage
    for file; do
        [ -f "$file" ] || die "$file: no such file"
    done
    last=$(releases | tail -n 1)
    number=$((${last:-0} + 1))
    dir=$root/$app/releases/$number
    mkdir -p -- "$dir"
    for file; do
        cp -- "$file" "$dir/"
        chmod -- "$MODE" "$dir/${file##*/}"
    done
    ln -sfn -- "releases/$number" "$root/$app/current"
    remember "$number" "$note"
    prune
    if [ -n "$AFTER" ]; then
        "$here/hooks/$AFTER" "$app" "$number"
    fi
    echo "$number"
}

# prune: removes all but the last KEEP releases
prune() {
    local old
    releases | head -n "-$KEEP" | while IFS= read -r old; do
        rm -rf -- "$root/$app/releases/$old"
    done
}

# rollback [RELEASE]
rollback() {
    local current target= number
    current=$(readlink -- "$root/$app/current") || die "there is no such release"
    current=${current##*/}
    if [ $# -gt 0 ]; then
        target=$1
    else
        while IFS= read -r number && [ "$number" != "$current" ]; do
            target=$number
        done < <(releases)
    fi
    if [[ ! $target =~ ^[0-9]+$ ]] || [ ! -d "$root/$app/releases/$target" ]; then
        die "there is no such release"
    fi
    ln -sfn -- "releases/$target" "$root/$app/current"
    echo "$target"
}

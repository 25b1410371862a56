#!/usr/bin/env bash
# Tests of the scripts, on folders of their own. An argument picks those whose name contains it.
cd "$(dirname "$0")/.." || exit 2
app=$PWD
only=${1:-}
bad=0

fresh() {
    work=$(mktemp -d)
    cd "$work" || exit 2
    mkdir -p src/uploads dest
    echo one >src/uploads/a.txt
    printf 'dir uploads %s\ndump orders echo select 1\n' "$work/src/uploads" >conf
}

ok() { # NAME CONDITION...
    local name=$1
    shift
    if ! "$@" >/dev/null 2>&1; then
        echo "not ok: $test: $name"
        bad=1
    fi
}

backup() { STAMP=$1 "$app/bin/backup.sh" conf "$work/dest" >log 2>&1; }

test_a_good_run() {
    backup 2026-03-03T021500
    ok "exit code" test $? = 0
    ok "the archive" test -s dest/2026-03-03T021500/uploads.tar.gz
    ok "the dump" test "$(gzip -dc dest/2026-03-03T021500/orders.sql.gz)" = "select 1"
    ok "the sums" test -s dest/2026-03-03T021500/SHA256SUMS
}

test_restore() {
    backup 2026-03-03T021500
    "$app/bin/restore.sh" dest/2026-03-03T021500 uploads back >log 2>&1
    ok "exit code" test $? = 0
    ok "the file" cmp back/uploads/a.txt src/uploads/a.txt
}

test_spaces_in_a_directory() {
    mkdir "src/Team Photos"
    echo two >"src/Team Photos/b c.txt"
    echo "dir photos $work/src/Team Photos" >>conf
    backup 2026-03-03T021500
    ok "exit code" test $? = 0
    ok "the archive" tar -tzf dest/2026-03-03T021500/photos.tar.gz "Team Photos/b c.txt"
}

test_a_failing_dump() {
    mkdir dest/2026-03-0{1,2}T021500
    echo "dump stock echo half; exit 3" >>conf
    KEEP=2 backup 2026-03-03T021500
    ok "exit code" test $? != 0
    ok "marked as failed" test -d dest/2026-03-03T021500.failed
    ok "not there as a good run" test ! -e dest/2026-03-03T021500
    ok "the old runs are still there" test -d dest/2026-03-01T021500
}

test_old_runs_go() {
    mkdir dest/2026-02-2{5,6,7}T021500
    KEEP=2 backup 2026-03-03T021500
    ok "the newest stays" test -d dest/2026-03-03T021500
    ok "the one before stays" test -d dest/2026-02-27T021500
    ok "the others go" test ! -e dest/2026-02-26T021500
}

for test in $(compgen -A function test_); do
    case $test in
        *"$only"*) fresh; "$test"; cd "$app" || exit 2; rm -rf "$work" ;;
    esac
done
if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad

#!/bin/bash
# Runs the scripts of /app on folders made here and looks at what they leave behind. The scripts run with an empty
# environment; nothing that they print is believed.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH GLOBIGNORE
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
bad=0

must() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" >/dev/null 2>&1 || { printf 'not so: %s: %s\n' "$case" "$what"; bad=1; }
}
not() { ! "$@"; }
same() { [[ "$1" == "$2" ]] || { printf '  expected: %q\n  found:    %q\n' "$2" "$1" >&2; return 1; }; }
names() { (cd "$1" && shopt -s nullglob dotglob && printf '%s|' *); }
begin() {
    case=$1
    base=$(mktemp -d)/"Backup  Disk"
    mkdir -p "$base/dest" "$base/src/Team  Photos [1]/in *"
    printf 'one\n' >"$base/src/Team  Photos [1]/in */a 1.jpg"
    mkdir "$base/src/plain"
    printf 'two\n' >"$base/src/plain/b.txt"
    conf="$base/my shop.conf"
}
backup() { # STAMP KEEP [COMMAND...]: sets code
    (cd "$base" && env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME=/nonexistent STAMP="$1" KEEP="$2" \
        timeout 20 /app/bin/backup.sh "$conf" "$base/dest" </dev/null >/dev/null 2>&1)
    code=$?
}
restore() { # RUN NAME TARGET: sets code
    (cd "$base" && env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME=/nonexistent \
        timeout 20 /app/bin/restore.sh "$1" "$2" "$3" </dev/null >/dev/null 2>&1)
    code=$?
}
dump() { gzip -dc "$1"; }

begin "spaces everywhere"
printf '# a comment\n\n   \ndir photos %s\ndump  orders  printf "%%s\\\\n" "a  b" "*"\ndir plain %s' \
    "$base/src/Team  Photos [1]" "$base/src/plain" >"$conf"   # no newline at the end
backup 2026-03-03T021500 7
must "exit code 0" same "$code" 0
run=$base/dest/2026-03-03T021500
must "just the run" same "$(names "$base/dest")" "2026-03-03T021500|"
must "its files" same "$(names "$run")" "SHA256SUMS|orders.sql.gz|photos.tar.gz|plain.tar.gz|"
must "the picture" same "$(tar -xzOf "$run/photos.tar.gz" 'Team  Photos [1]/in */a 1.jpg')" one
must "the last line" same "$(tar -xzOf "$run/plain.tar.gz" plain/b.txt)" two
must "the dump" same "$(dump "$run/orders.sql.gz")" $'a  b\n*'
must "the sums" sha256sum --check --quiet --strict - < <(cd "$run" && sed "s| [ *]| $run/|" SHA256SUMS | sed 's|^\([0-9a-f]*\) |\1  |')
must "three sums" same "$(grep -c . "$run/SHA256SUMS")" 3
restore "$run" photos "$base/back to here"
must "restore: exit code 0" same "$code" 0
must "restore: the picture" same "$(cat "$base/back to here/Team  Photos [1]/in */a 1.jpg")" one
restore "dest/2026-03-03T021500" plain "back"
must "restore with relative paths" same "$(cat "$base/back/plain/b.txt")" two
printf 'x' >>"$run/photos.tar.gz"
restore "$run" photos "$base/damaged"
must "restore: a damaged run is refused" not same "$code" 0
must "restore: nothing of it is unpacked" not test -e "$base/damaged/Team  Photos [1]"

for kind in at-once half-way quietly missing-directory unknown; do
    begin "a failure: $kind"
    case $kind in
        at-once) line='dump stock echo "disk full" >&2; exit 1' ;;
        half-way) line='dump stock echo half; exit 3' ;;
        quietly) line='dump stock (echo all but the last; exit 9) | cat; exit ${PIPESTATUS[0]}' ;;
        missing-directory) line="dir gone $base/src/gone away" ;;
        unknown) line="drop everything $base/src" ;;
    esac
    printf '%s\ndir plain %s\ndump orders echo fine\n' "$line" "$base/src/plain" >"$conf"
    mkdir "$base/dest/2026-03-01T021500" "$base/dest/2026-03-02T021500" "$base/dest/notes from Kim"
    backup 2026-03-03T021500 1
    must "exit code not 0" not same "$code" 0
    must "what is there" same "$(names "$base/dest")" "2026-03-01T021500|2026-03-02T021500|2026-03-03T021500.failed|notes from Kim|"
    must "the other directory" same "$(tar -xzOf "$base/dest/2026-03-03T021500.failed/plain.tar.gz" plain/b.txt)" two
    must "the other dump" same "$(dump "$base/dest/2026-03-03T021500.failed/orders.sql.gz")" fine
done

begin "a command that reads what it can get"
printf 'dump greedy cat; echo done\ndump orders echo fine\ndir plain %s\n' "$base/src/plain" >"$conf"
backup 2026-03-03T021500 7
must "exit code 0" same "$code" 0
must "all items" same "$(names "$base/dest/2026-03-03T021500")" "SHA256SUMS|greedy.sql.gz|orders.sql.gz|plain.tar.gz|"
must "nothing swallowed" same "$(dump "$base/dest/2026-03-03T021500/greedy.sql.gz")" "done"

begin "what is ours and what is not"
printf 'dump orders echo fine\n' >"$conf"
for stamp in 2025-12-31T235959 2026-02-26T021500 2026-02-27T021500 2026-02-28T021500 2026-02-25T021500.failed 2026-03-01T021500.partial; do
    mkdir "$base/dest/$stamp"; echo x >"$base/dest/$stamp/x"
done
mkdir "$base/dest/notes from Kim" "$base/dest/lost+found" "$base/dest/2024" "$base/dest/.hidden" "$base/dest/archive 2026-01-01T000000"
echo x >"$base/dest/Team"; echo x >"$base/src/keep"; ln -s "$base/src" "$base/dest/zzz"
backup 2026-03-03T021500 3
must "exit code 0" same "$code" 0
must "what is left" same "$(names "$base/dest")" \
    ".hidden|2024|2026-02-25T021500.failed|2026-02-27T021500|2026-02-28T021500|2026-03-01T021500.partial|2026-03-03T021500|Team|archive 2026-01-01T000000|lost+found|notes from Kim|zzz|"
backup 2026-03-04T021500 3
must "and the next night" same "$(names "$base/dest")" \
    ".hidden|2024|2026-02-25T021500.failed|2026-02-28T021500|2026-03-01T021500.partial|2026-03-03T021500|2026-03-04T021500|Team|archive 2026-01-01T000000|lost+found|notes from Kim|zzz|"
must "the linked folder" test -f "$base/src/keep"

[[ $bad == 0 ]] && reward=1

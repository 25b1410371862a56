#!/usr/bin/env bash
# Deploys into a folder of our own and looks at what is there.
cd "$(dirname "$0")/.." || exit 2
work=$(mktemp -d)
export HOIST_ROOT=$work/root
bad=0
check() { # WHAT FOUND WANT
    if [ "$2" = "$3" ]; then echo "ok: $1"; else printf 'FAILED: %s\n  found: %q\n  want:  %q\n' "$1" "$2" "$3"; bad=1; fi
}
echo one >"$work/page.html"
echo two >"$work/style.css"

check "a release has a number" "$(./hoist deploy web -m "first" "$work/page.html" "$work/style.css")" 1
check "its files" "$(./hoist list web)" $'page.html\nstyle.css'
check "the next one" "$(./hoist deploy web "$work/page.html")" 2
check "back" "$(./hoist rollback web)" 1
check "the log" "$(./hoist history web first)" $'1\tWeb shop\tfirst'
check "the hook" "$(cat "$HOIST_ROOT/reloads")" $'reload web 1\nreload web 2'
./hoist deploy web "$work/page.html" >/dev/null
check "two are kept" "$(ls "$HOIST_ROOT/web/releases")" $'2\n3'
./hoist deploy api "$work/page.html" >/dev/null
check "the mode" "$(stat -c %a "$HOIST_ROOT/api/current/page.html")" 600
check "an unknown app" "$(./hoist list nothing 2>&1; echo $?)" $'hoist: no app is called nothing\n2'
# more cases here

rm -rf "$work"
exit $bad

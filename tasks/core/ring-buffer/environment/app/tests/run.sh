#!/bin/sh
# Runs build/blackbox on a few logs.
cd "$(dirname "$0")/.." || exit 2
bad=0
is() { # CASE FOUND WANT
    if [ "$2" != "$3" ]; then
        printf 'not ok: %s: expected "%s", got "%s"\n' "$1" "$3" "$2"
        bad=1
    fi
}
is "all fit" "$(printf 'a\nbc\n' | build/blackbox 100 2>&1)" "$(printf 'a\nbc')"
is "the last ones" "$(printf 'one\ntwo\nthree\n' | build/blackbox 13 2>/dev/null)" "$(printf 'two\nthree')"
is "dropped" "$(printf 'one\ntwo\nthree\n' | build/blackbox 8 2>&1 >/dev/null)" "dropped 2"
is "refused" "$(printf 'x\nmuch too long\n' | build/blackbox 6 2>&1 >/dev/null)" "refused 1"
is "no size" "$(build/blackbox lots 2>/dev/null </dev/null; echo $?)" 2
if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad

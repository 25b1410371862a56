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

# What comes from outside is text.
note='costs $5, see "plan b" (*) $(touch in) `touch in` \\n'
./hoist deploy web -m "$note" "$work/page.html" >/dev/null
check "a note stands as it was written" "$(./hoist history web '(*)')" $'4\tWeb shop\t'"$note"
check "a note is one line" "$(./hoist deploy web -m $'a\tb\nc' "$work/page.html" && ./hoist history web 'a b c')" $'5\n5\tWeb shop\ta b c'
for name in '-overrides' 'a b.txt' '*' '$(touch in)'; do
    echo x >"$work/$name"
    (cd "$work" && "$OLDPWD/hoist" deploy api -- "$name" >/dev/null)
    check "a file called $name" "$(./hoist list api)" "$name"
done
for name in ../etc/web -x "" 'web$(touch in)'; do
    check "no name: $name" "$(./hoist list "$name" >/dev/null 2>&1; echo $?)" 2
done
check "no release" "$(./hoist rollback web ../../api/current 2>&1; echo $?)" $'hoist: there is no such release\n2'
cp -R hoist lib hooks "$work" && mkdir "$work/etc"
for line in 'KEEP=number[$(touch in)]' 'KEEP=0' 'MODE=a+x' 'AFTER=../tests/run.sh' 'AFTER=reload; touch in'; do
    printf '%s\n' "$line" >"$work/etc/web.conf"
    check "no value: $line" "$(cd "$work" && ./hoist deploy web page.html >/dev/null 2>&1; echo $?)" 2
done
printf '%s\n' 'TITLE="$(touch in) `touch in`"' 'PATH=/nowhere' 'here=/nowhere' >"$work/etc/web.conf"
check "a title is text" "$(cd "$work" && ./hoist deploy web page.html)" 6
check "and nothing was run" "$(ls -d in "$work/in" 2>/dev/null)" ""
# more cases here

rm -rf "$work"
exit $bad

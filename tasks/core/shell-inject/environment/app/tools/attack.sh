#!/usr/bin/env bash
# Edda's three ways in, in a copy. Says which of them still work.
work=$(mktemp -d)
cp -R "$(dirname "$0")/.." "$work/hoist" && cd "$work" || exit 2
export HOIST_ROOT=$work/root
echo x >page.html
open=0
tried() { if [ -e "$work/in" ]; then echo "OPEN: $1"; open=$((open + 1)); rm -f "$work/in"; else echo "closed: $1"; fi; }

hoist/hoist deploy web -m "it works \$(touch $work/in)" page.html >/dev/null 2>&1
tried "a note"
echo x >'-overrides'
hoist/hoist deploy web -- -overrides >/dev/null 2>&1
if [ ! -f "$HOIST_ROOT/web/current/-overrides" ]; then touch in; fi
tried "a file called -overrides"
printf 'TITLE="shop $(touch %s)"\n' "$work/in" >hoist/etc/web.conf
hoist/hoist list web >/dev/null 2>&1
tried "a title"
echo "$open open"
rm -rf "$work"
exit $((open > 0))

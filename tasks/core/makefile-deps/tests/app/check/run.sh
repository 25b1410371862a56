#!/usr/bin/env bash
# Looks at what blip prints.
cd "$(dirname "$0")/.." || exit 2
bad=0
check() { if [ "$2" = "$3" ]; then echo "ok: $1"; else printf 'FAILED: %s\n' "$1"; bad=1; fi; }
check "one code" "$(build/blip 404)" "404 - not here"
check "all codes" "$(build/blip | wc -l)" "$(wc -l <data/codes.txt)"
check "an unknown one" "$(build/blip 999 2>&1; echo $?)" $'blip: nothing is known of 999\n1'
exit $bad

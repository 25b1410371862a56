#!/usr/bin/env bash
# Runs fetch.sh with a curl and a sleep of our own.
cd "$(dirname "$0")/.." || exit 2
bin=$(mktemp -d)
log=$bin/log
: >"$log"
printf '#!/bin/bash\necho "curl $*" >>"%s"\necho 21.5\n' "$log" >"$bin/curl"
printf '#!/bin/bash\necho "sleep $*" >>"%s"\n' "$log" >"$bin/sleep"
chmod +x "$bin/curl" "$bin/sleep"
bad=0
ok() { if ! eval "$2"; then echo "not ok: $1"; bad=1; fi; }

answer=$(PATH=$bin:$PATH ./fetch.sh oslo)
ok "the reading is printed" '[ "$answer" = 21.5 ]'
ok "curl is asked once" '[ "$(grep -c ^curl "$log")" = 1 ]'
./fetch.sh atlantis 2>/dev/null
ok "an unknown station" '[ $? = 2 ]'
ok "20 seconds" 'grep -q -e "--max-time 20 " "$log"'

# A curl that fails: three tries, longer pauses each time
printf '#!/bin/bash\necho "curl $*" >>"%s"\nexit 7\n' "$log" >"$bin/curl"
: >"$log"
PATH=$bin:$PATH ./fetch.sh oslo 2>"$bin/err"
ok "exit code 1" '[ $? = 1 ]'
ok "three tries" '[ "$(grep -c ^curl "$log")" = 3 ]'
ok "pauses" '[ "$(grep ^sleep "$log" | tr "\n" " ")" = "sleep 1 sleep 2 sleep 4 " ]'
# more tests here

if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad

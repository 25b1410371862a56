#!/bin/bash
# Rotates logs with the keeplog of /app in folders made here, and compares what lies there afterwards.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C
unset BASH_ENV ENV CDPATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
found=$(mktemp) || exit
timeout 100 bash /tests/play.sh >"$found" 2>/dev/null
diff /tests/expected.txt "$found" && reward=1

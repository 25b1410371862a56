#!/usr/bin/env bash
# Runs each golden/NAME.cmd with a store of its own and compares what it prints with NAME.out.
cd "$(dirname "$0")/.." || exit 2
bad=0
for cmd in tests/golden/*.cmd; do
    name=$(basename "$cmd" .cmd)
    DEPOT=$(mktemp) && cp tests/store.json "$DEPOT" && export DEPOT
    if ! diff -u --label expected --label printed "${cmd%.cmd}.out" <(depot() { python3 -m depot "$@"; }; . "$cmd" 2>&1); then
        echo "not ok: $name"
        bad=1
    fi
    rm -f "$DEPOT"
done
if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad

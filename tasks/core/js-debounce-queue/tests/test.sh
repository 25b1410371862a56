#!/bin/bash
# Plays scenarios with the queue and the batcher of /app in a process of its own, and compares what happened, when.
export PATH=/usr/local/bin:/usr/bin:/bin
unset NODE_OPTIONS NODE_PATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
found=$(mktemp) || exit
timeout 60 node /tests/probe.mjs >"$found" 2>/dev/null
diff /tests/expected.txt "$found" && reward=1

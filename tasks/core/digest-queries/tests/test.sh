#!/bin/bash
# Builds digests of made-up trackers in another process; compares the mails with a slow reference and counts statements.
export PATH=/usr/local/bin:/usr/bin:/bin
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

#!/bin/bash
# The behaviour under several hash seeds, then the project's own tests: whole, quiet, and still able to fail.
export PATH=/usr/local/bin:/usr/bin:/bin
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

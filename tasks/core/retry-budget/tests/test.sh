#!/bin/bash
# Plays calls on a clock of its own, in another process, and compares every try, pause and draw.
export PATH=/usr/local/bin:/usr/bin:/bin
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

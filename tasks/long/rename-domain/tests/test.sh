#!/bin/bash
# Compares the names in /app with ours, by syntax tree, and asks club.api in a process of its own.
export PATH=/usr/local/bin:/usr/bin:/bin
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

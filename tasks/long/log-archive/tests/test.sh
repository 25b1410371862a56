#!/bin/bash
# Compares the answer with the facts; the logs are the same on every host.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

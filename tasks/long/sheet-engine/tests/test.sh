#!/bin/bash
# Asks the engine in /app, in processes of their own, what cells show and which formulas it evaluates, and runs its commands.
export PATH=/usr/local/bin:/usr/bin:/bin
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

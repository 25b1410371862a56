#!/bin/bash
# Holds the package in /app against recordings of the old commands that the workspace doesn't have, in processes of their own.
export PATH=/usr/local/bin:/usr/bin:/bin
unset BASH_ENV ENV CDPATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

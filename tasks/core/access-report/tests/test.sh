#!/bin/bash
# Reports of logs whose contents are known here, and the file that was asked for.
export PATH=/usr/local/bin:/usr/bin:/bin
unset BASH_ENV ENV CDPATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
python3 -I /tests/verify.py && reward=1

#!/bin/bash
# TODO: judge what an agent left in /app, without believing an exit code that its code may set.
# What lies beside this file is in /tests, where no agent sees it.
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd /app || exit
@JUDGE@

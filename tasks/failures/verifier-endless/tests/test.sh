#!/bin/bash
mkdir -p /logs/verifier
echo 1 >/logs/verifier/reward.txt
trap "" TERM
setsid sleep 1000 &
while :; do sleep 1; done

#!/bin/bash
mkdir -p /logs/verifier
reward=0
[[ $(</app/answer.txt) == 42 ]] && reward=1
echo "$reward" >/logs/verifier/reward.txt

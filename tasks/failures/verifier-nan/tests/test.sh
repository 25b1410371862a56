#!/bin/bash
mkdir -p /logs/verifier
echo nan >/logs/verifier/reward.txt

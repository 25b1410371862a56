#!/bin/bash
set -eu
python3 /solution/solve.py

#!/bin/bash
set -eu
cp /solution/plan.py stagehand/plan.py

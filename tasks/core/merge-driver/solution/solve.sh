#!/bin/bash
set -eu
cp /solution/ci/run.sh /solution/ci/lib.sh ci/

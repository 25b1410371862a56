#!/bin/bash
set -eu
git apply /solution/fix.patch
bin/report.sh 2026-03-02 >/tmp/2026-03-02.csv
cp /tmp/2026-03-02.csv out/2026-03-02.csv

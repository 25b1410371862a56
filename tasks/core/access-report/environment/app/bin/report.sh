#!/usr/bin/env bash
# report.sh DAY [LOGS]: the report of one day as CSV
cd "$(dirname "$0")/.." || exit 1
day=$1
logs=${2:-logs}

# the logs are all in UTC
gzip -cdf "$logs"/*/access.log* |
    grep "$(date -d "$day" +%d/%b/%Y)" |
    awk '{ print $7, $9, $NF }' |
    python3 bin/summarise.py

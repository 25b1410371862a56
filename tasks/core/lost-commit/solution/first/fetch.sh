#!/usr/bin/env bash
# fetch.sh STATION: prints the latest reading
set -eu
cd "$(dirname "$0")"

url=
while IFS=, read -r name address; do
    if [ "$name" = "$1" ]; then url=$address; fi
done <stations.csv
if [ -z "$url" ]; then
    echo "fetch: no station is called $1" >&2
    exit 2
fi

# TIMEOUT: seconds until we give up on a station, for each try
for pause in 1 2 4; do
    if curl -sS --proto '=https' --max-time "${TIMEOUT:-20}" "$url"; then exit 0; fi
    sleep "$pause"
done
echo "fetch: $1 does not answer" >&2
exit 1

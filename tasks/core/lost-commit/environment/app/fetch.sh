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

curl -sS "$url"

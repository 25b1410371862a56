#!/usr/bin/env bash
# Asks what rings at which time.
cd "$(dirname "$0")/.." || exit 2
bad=0
rings() { # WHAT TIME WANT
    local found
    found=$(./gong.sh "$2")
    if [ "$found" != "$3" ]; then echo "not ok: $1: '$found'"; bad=1; fi
}
rings "nine o'clock" 09:00 gong
rings "a minute later" 09:01 ""
# more here

if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad

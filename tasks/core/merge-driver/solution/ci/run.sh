#!/usr/bin/env bash
# run.sh [LIST]: runs the steps of a list. See docs/ci.md.
set -u

list=${1:-}
if [ -n "$list" ]; then list=$(cd "$(dirname -- "$list")" && pwd)/$(basename -- "$list") || exit 2; fi
cache=${CI_CACHE:-}
case $cache in "" | /*) ;; *) cache=$PWD/$cache ;; esac
cd "$(dirname -- "$0")/.." || exit 2
list=${list:-$PWD/ci/steps.txt}
cache=${cache:-$PWD/.cache/ci}
export PATH=$PWD/toolchain/bin:$PATH
. ci/lib.sh

mkdir -p "$cache" || exit 2
while IFS= read -r line <&3 || [ -n "$line" ]; do
    split "$line"
    case $name in "" | "#"*) continue ;; esac
    run_step "$name" "$command" "$inputs" "$output"
    code=$?
    if [ "$code" != 0 ]; then
        echo "FAILED $name ($code)"
        echo "failed: $name"
        exit "$code"
    fi
done 3<"$list"
echo "all steps passed"

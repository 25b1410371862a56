#!/usr/bin/env bash
# run.sh [LIST]: runs the steps of a list. See docs/ci.md.
set -e

cd "$(dirname "$0")/.."
list=${1:-ci/steps.txt}
cache=${CI_CACHE:-.cache/ci}
export PATH=$PWD/toolchain/bin:$PATH
. ci/lib.sh

mkdir -p $cache

grep -v '^#' "$list" | while IFS='|' read -r name command inputs output; do
    name=$(trim $name) output=$(trim $output)
    [ -n "$name" ] || continue
    run_step "$name" "$command" "$inputs" "$output" || status=1
done

if [ "${status:-0}" = 0 ]; then
    echo "all steps passed"
else
    echo "failed: $name"
fi
exit ${status:-0}

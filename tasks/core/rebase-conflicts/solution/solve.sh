#!/bin/bash
# Each commit is picked onto main, with the files that have to be put right.
set -eu
mapfile -t commits < <(git rev-list --reverse main..categories)
git checkout -q --detach main
for n in 1 2 3 4 5; do
    git cherry-pick --no-commit "${commits[n - 1]}" >/dev/null 2>&1 || true
    cp -R "/solution/$n/." .
    git add -A
    git commit -q --no-verify -C "${commits[n - 1]}"
done
git checkout -q -B categories

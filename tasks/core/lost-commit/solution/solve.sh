#!/bin/bash
# The branch's last commit is where HEAD stood before it moved from retry to main.
set -eu
tip=$(git reflog --format='%H %gs' | grep -A1 'checkout: moving from retry to main' | sed -n '2s/ .*//p')
git checkout -q --detach "$tip"
if ! git -c core.editor=true rebase -q main >/dev/null 2>&1; then
    cp /solution/first/fetch.sh fetch.sh
    cp /solution/first/run.sh tests/run.sh
    git add fetch.sh tests/run.sh
    if ! git -c core.editor=true rebase --continue >/dev/null 2>&1; then
        cp /solution/second/fetch.sh fetch.sh
        cp /solution/second/run.sh tests/run.sh
        cp /solution/second/CHANGES.md CHANGES.md
        git add fetch.sh tests/run.sh CHANGES.md
        git -c core.editor=true rebase --continue >/dev/null
    fi
fi
new=$(git rev-parse HEAD)
git checkout -q main
git merge -q --ff-only "$new"

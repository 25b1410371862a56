#!/bin/bash
# Mika's commit with his fixup, then the tree without the debugging, then the documents, then the second stash.
# The ids are the same on every host.
set -eu
git checkout -q --detach dbe6d21
git checkout -q e49e842 -- plan.txt tests/run.sh
sed -i 's/^while read -r at what; do$/&\n    case $at in\n        "" | \\#*) continue ;;\n    esac/' gong.sh
git commit -q -a --amend --no-edit
git checkout -q 0763f6d -- .
git commit -q -C 8a5a909 --author="Priya Nair <priya@example.org>"
git cherry-pick 5ff5f92 >/dev/null
git stash apply -q d094ccf
git add -A
git commit -q -m "Tests for quiet hours"
git checkout -q -B queue

#!/bin/bash
# The token out of every tree, the tag with it; then nothing old is kept; then the change itself.
set -eu
export FILTER_BRANCH_SQUELCH_WARNING=1
git filter-branch -f --tree-filter '
    for file in config/prod.env etc/prod.env; do if [ -f $file ]; then sed -i "/^PIGEON_TOKEN=/d" $file; fi; done
    if [ -f docs/try.md ]; then sed -i "s/pgn_live_[A-Za-z0-9]*/\$PIGEON_TOKEN/" docs/try.md; fi
' --tag-name-filter cat -- --all >/dev/null 2>&1
git for-each-ref --format='delete %(refname)' refs/original | git update-ref --stdin
sed -i 's|^set -a;|if [ -z "${PIGEON_TOKEN:-}" ]; then\n    echo "pigeon: PIGEON_TOKEN is not set" >\&2\n    exit 2\nfi\nset -a;|' pigeon.sh
sed -i 's|^said=|said=$(PATH="$bin:$PATH" ./pigeon.sh hello 2>\&1)\ncheck "no token, no message" "$? $said" "2 pigeon: PIGEON_TOKEN is not set"\nexport PIGEON_TOKEN=of-the-tests\nsaid=|; s|^bad=0|unset PIGEON_TOKEN\nbad=0|' tests/run.sh
bash tests/run.sh
git add pigeon.sh tests/run.sh
git -c user.name=Sol -c user.email=sol@example.org commit -q -m "The token comes from the environment"
rm -f .git/ORIG_HEAD .git/FETCH_HEAD
git reflog expire --expire=now --expire-unreachable=now --all
git gc -q --prune=now

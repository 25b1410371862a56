#!/bin/bash
# Reads CULPRIT and the refs with a git configuration of our own, then works out receipts in another process.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
old=7098f5ea87b925f4d7c678a1511bc08e62d673e1 # main as it was
culprit=42771993478a0e34520c4c81af5f034b803ec81f # "The new scales write a comma"; the ids are the same on every host

cd / || exit
if [[ ! -f /app/CULPRIT || "$(head -c 200 /app/CULPRIT)" != "$culprit" ]]; then
    echo "CULPRIT names another commit"
    exit
fi
work=$(mktemp -d) || exit
export HOME=/nonexistent GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_NO_REPLACE_OBJECTS=1 GIT_ATTR_NOSYSTEM=1
git init -q -b main "$work/copy" && cd "$work/copy" || exit
rm -rf .git/objects .git/refs .git/hooks .git/info
cp -R /app/.git/objects /app/.git/refs /app/.git/HEAD .git/ || exit
if [ -f /app/.git/packed-refs ]; then cp /app/.git/packed-refs .git/; fi
rm -rf .git/objects/info
if [[ "$(git symbolic-ref HEAD)" != refs/heads/main || -e /app/.git/BISECT_LOG ]]; then
    echo "main isn't checked out, or a bisection is under way"
    exit
fi
if ! git merge-base --is-ancestor "$old" main; then
    echo "main isn't where it was"
    exit
fi
cd / || exit
python3 -I /tests/verify.py && reward=1

#!/bin/bash
# Reads the objects and refs of /app with a configuration of our own: who, when, what, and the tree of each commit. The ids of
# trees are the same on every host; what they hold is run as well, commit by commit.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH PLAN QUIET_FROM QUIET_TO
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
main=fd7fb501b45515ac6bed232a1782831a9f6f4c15
work=$(mktemp -d) || exit
export HOME=/nonexistent GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_NO_REPLACE_OBJECTS=1 GIT_ATTR_NOSYSTEM=1
git init -q -b main "$work/copy" && cd "$work/copy" || exit
rm -rf .git/objects .git/refs .git/hooks .git/info
cp -R /app/.git/objects /app/.git/refs /app/.git/HEAD /app/.git/index .git/ || exit
if [ -f /app/.git/packed-refs ]; then cp /app/.git/packed-refs .git/; fi
rm -rf .git/objects/info
export GIT_DIR=$work/copy/.git

bad=0
must() { # WHAT FOUND WANT
    if [[ "$2" != "$3" ]]; then
        printf 'not so: %s\n  wanted: %q\n  found:  %q\n' "$1" "$3" "${2//"$work"/WORK}"
        bad=1
    fi
}
must "queue is checked out" "$(git symbolic-ref HEAD)" refs/heads/queue
must "two branches, no stash" "$(git for-each-ref --format='%(refname)')" $'refs/heads/main\nrefs/heads/queue'
must "nothing under way" "$(ls -d /app/.git/{rebase-merge,rebase-apply,MERGE_HEAD,CHERRY_PICK_HEAD,REVERT_HEAD,shallow} 2>/dev/null)" ""
must "nothing lying about" "$(git --work-tree=/app status --porcelain 2>&1)" ""
must "main as it was" "$(git rev-parse main)" "$main"
must "four commits on top of it" "$(git rev-parse queue~4)" "$main"
must "no merges" "$(git rev-list --merges --count queue)" 0
must "the first three" "$(git log --reverse --format='%an <%ae> %aI%n%B' main..queue~1)" \
"Mika Lund <mika@example.org> 2026-04-08T09:30:00+02:00
Read the plan from a file

The canteen wants to change it without asking us.

Priya Nair <priya@example.org> 2026-04-08T14:00:00+02:00
Quiet hours

Nothing rings between QUIET_FROM and QUIET_TO.

Jo Berg <jo@example.org> 2026-04-09T17:00:00+02:00
Document quiet hours"
must "the fourth" "$(git log -1 --format='%an <%ae>%n%B' queue)" $'Jo Berg <jo@example.org>\nTests for quiet hours'
must "the tree that queue had" "$(git rev-parse queue~1^{tree})" d5eea6b8ecab79bb67067d809beb099d6276ad06
must "the tree with the tests" "$(git rev-parse queue^{tree})" 700eb87a06fb2b77db62901996b714f4bef4cb3f
must "the tree of quiet hours" "$(git rev-parse queue~2^{tree})" 7bf5463777eb2e371944701aa615f58deba06568
must "the tree of the plan" "$(git rev-parse queue~3^{tree})" 028ede47ffd0beb0096d9751ae7cdbf7a2e3e4b0
if ((bad == 0)); then
    for n in 3 2 1 0; do
        mkdir "$work/$n" && git --work-tree="$work/$n" checkout -q -f "queue~$n" -- . || bad=1
        must "tests of queue~$n" "$(cd "$work/$n" && env -i PATH="$PATH" bash tests/run.sh 2>&1)" "all ok"
    done
fi
((bad == 0)) && reward=1

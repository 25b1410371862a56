#!/bin/bash
# Makes the history as it was, takes the token out of a list of its trees, and compares with what /app holds; reads /app's
# objects with a configuration of our own. Then runs pigeon.sh of the new commit with a curl of our own.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
token=pgn_live_8Jq4vT0sWm2XcR7e

work=$(mktemp -d) || exit
export HOME=/nonexistent GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_NO_REPLACE_OBJECTS=1 GIT_ATTR_NOSYSTEM=1
mkdir "$work/old" && bash /tests/history.sh "$work/old" >/dev/null 2>&1 || exit
git init -q -b main "$work/new" && cd "$work/new" || exit
rm -rf .git/objects .git/refs .git/hooks .git/info
cp -R /app/.git/objects /app/.git/refs /app/.git/HEAD /app/.git/index .git/ || exit
if [ -f /app/.git/packed-refs ]; then cp /app/.git/packed-refs .git/; fi
rm -rf .git/objects/info/alternates
unset GIT_DIR GIT_WORK_TREE

bad=0
must() { # WHAT FOUND WANT
    if [[ "$2" != "$3" ]]; then
        printf 'not so: %s\n  wanted: %q\n  found:  %q\n' "$1" "$3" "$2"
        bad=1
    fi
}
old() { git --git-dir="$work/old/.git" "$@"; }
new() { git --git-dir="$work/new/.git" "$@"; }

must "main is checked out" "$(new symbolic-ref HEAD)" refs/heads/main
must "branches and tags, and no others" "$(new for-each-ref --format='%(refname) %(objecttype)')" \
"refs/heads/beta commit
refs/heads/main commit
refs/tags/v0.2 tag"
must "nothing under way" "$(ls -d /app/.git/{rebase-merge,rebase-apply,MERGE_HEAD,CHERRY_PICK_HEAD,shallow} 2>/dev/null)" ""
must "nothing lying about" "$(git --git-dir="$work/new/.git" --work-tree=/app status --porcelain 2>&1 | grep -v -x '?? AGENTS.md')" ""

# The token, whole or in base64, in no object, reachable or not, and in no file of .git or of the workspace.
encoded=$(printf %s "$token" | base64)
found=$(new cat-file --batch-all-objects --batch | grep -a -c -F -e "$token" -e "${encoded%%=*}")
must "objects with the token" "$found" 0
must "files with the token" "$(grep -r -a -l -F -e "$token" -e "${encoded%%=*}" /app 2>/dev/null | sort)" ""
must "every object can be read" "$(new fsck --full --no-progress --no-dangling --no-reflogs 2>&1 | grep -v -e '^notice' -e '^dangling')" ""

# Commit by commit: who, when, what, in which order; then the same files without the token.
shape() { # GIT REFS...
    local git=$1
    shift
    "$git" log --topo-order --format='%an <%ae> %aI%n%B' "$@"
    "$git" rev-list --topo-order --parents "$@" | awk '{print NF - 1}'
}
files() { # GIT COMMIT
    local mode kind id path
    "$1" ls-tree -r "$2" | while read -r mode kind id path; do
        printf '%s %s %s\n' "$mode" "$path" "$("$1" cat-file blob "$id" | sed -e "/^PIGEON_TOKEN=/d" -e "s/$token/\$PIGEON_TOKEN/g" | cksum)"
    done
}
for pair in main:main~1 beta:beta 'v0.2^{commit}:v0.2^{commit}'; do
    must "the commits of ${pair%%:*}" "$(shape new "${pair#*:}")" "$(shape old "${pair%%:*}")"
    paste -d' ' <(old rev-list --topo-order "${pair%%:*}") <(new rev-list --topo-order "${pair#*:}") >"$work/pairs"
    while read -r before after; do
        must "the files of $(old log -1 --format=%s "$before")" "$(files new "$after")" "$(files old "$before")"
    done <"$work/pairs"
done
must "the tag's words" "$(new cat-file tag v0.2 | sed 1d)" "$(old cat-file tag v0.2 | sed 1d)"
must "a tag of the first part of main" "$(new merge-base v0.2^{commit} main)" "$(new rev-parse v0.2^{commit})"
must "beta is in main" "$(new merge-base beta main)" "$(new rev-parse beta)"
must "one new commit, of files that are ours" "$(new diff --name-only main~1 main | grep -v -x -e README.md -e docs/try.md -e etc/prod.env)" \
"pigeon.sh
tests/run.sh"

# What the new commit does.
at=$work/at bin=$work/bin log=$work/log
mkdir -p "$at" "$bin"
new archive main | tar -x -C "$at"
printf '#!/bin/bash\nprintf "%%s\\n" "$@" >>"%s"\n' "$log" >"$bin/curl"
chmod +x "$bin/curl"
run() { # VARIABLES...
    : >"$log"
    out=$(cd / && env -i PATH="$bin:$PATH" "$@" "$at/pigeon.sh" "a b" 2>"$work/err")
    code=$?
}
for unset in PIGEON_OTHER=1 PIGEON_TOKEN=; do
    run "$unset"
    must "without a token ($unset): exit code" "$code" 2
    must "without a token ($unset): message" "$out$(<"$work/err")" "pigeon: PIGEON_TOKEN is not set"
    must "without a token ($unset): nobody is asked" "$(<"$log")" ""
done
run PIGEON_TOKEN=x-y
must "with a token: exit code" "$code" 0
must "with a token: it is sent" "$(grep -c -x -F 'Authorization: Bearer x-y' "$log")" 1
must "with a token: the settings hold" "$(grep -c -x -F -e 'channel=releases' -e 'text=a b' -e 1 "$log")" 3
must "its tests pass" "$(cd / && env -i PATH="$PATH" bash "$at/tests/run.sh" >/dev/null 2>&1; echo $?)" 0
sed -i 's/PIGEON_TOKEN is not set/PIGEON_TOKEN is missing/' "$at/pigeon.sh"
must "a test holds the message" "$(cd / && env -i PATH="$PATH" bash "$at/tests/run.sh" >/dev/null 2>&1; echo $?)" 1
((bad == 0)) && reward=1

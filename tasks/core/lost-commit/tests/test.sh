#!/bin/bash
# Reads the objects and refs of /app with a configuration of our own, then runs what was committed, commit by commit.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
old=9fafc159f6eae5fe5130e67a48d512d62ff78ecc # main as it was; its id is the same on every host

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
        printf 'not so: %s\n  wanted: %q\n  found:  %q\n' "$1" "$3" "$2"
        bad=1
    fi
}

must "main is checked out" "$(git symbolic-ref HEAD)" refs/heads/main
must "no other branch, no stash" "$(git for-each-ref --format='%(refname)')" refs/heads/main
must "nothing under way" "$(ls -d /app/.git/{rebase-merge,rebase-apply,MERGE_HEAD,CHERRY_PICK_HEAD,shallow} 2>/dev/null)" ""
must "nothing lying about" "$(git --work-tree=/app status --porcelain 2>&1)" ""
must "main goes on from where it was" "$(git rev-parse main~2)" "$old"
must "no merges" "$(git rev-list --merges --count main)" 0
must "her commits" "$(git log --reverse --format='%an <%ae> %aI%n%B' "$old..main")" \
"Mira Kask <mira@example.org> 2026-02-04T10:00:00+01:00
Try again when a station doesn't answer

The box in Tartu is on a radio link that drops out for seconds.
Three tries, with pauses of 1, 2 and 4 seconds.

Mira Kask <mira@example.org> 2026-02-05T10:00:00+01:00
Say how often we tried"

# check COMMIT MESSAGE: what fetch.sh of a commit does, with a curl that fails as often as the file `fails` says
check() {
    local at=$work/$1 bin=$work/bin log=$work/log
    mkdir -p "$at" "$bin"
    git --work-tree="$at" checkout -q -f "$1" -- . || { bad=1; return; }
    printf '#!/bin/bash\necho "curl $*" >>"%s"\nn=$(<"%s/fails")\nif ((n > 0)); then echo $((n - 1)) >"%s/fails"; exit 28; fi\necho 8.25\n' "$log" "$work" "$work" >"$bin/curl"
    printf '#!/bin/bash\necho "sleep $*" >>"%s"\n' "$log" >"$bin/sleep"
    chmod +x "$bin/curl" "$bin/sleep"
    local fails code want out ask pauses=(1 2 4)
    for fails in 0 1 2 3; do
        echo "$fails" >"$work/fails"
        : >"$log"
        out=$(cd / && env -i PATH="$bin:$PATH" TIMEOUT=7 "$at/fetch.sh" tartu 2>"$work/err")
        code=$?
        want=""
        for ((ask = 0; ask < 3 && ask <= fails; ask++)); do
            want+="curl+"
            if ((ask < fails)); then want+="sleep ${pauses[ask]}+"; fi
        done
        must "$1, $fails failures: tries and pauses" "$(while read -r word rest; do case $word in curl) printf 'curl+' ;; *) printf '%s %s+' "$word" "$rest" ;; esac; done <"$log")" "$want"
        must "$1, $fails failures: what curl is asked" \
            "$(grep ^curl "$log" | grep -v -e '--max-time 7 .*https://tartu.example/now' ; grep ^curl "$log" | grep -v -e "--proto =https")" ""
        must "$1, $fails failures: exit code" "$code" "$((fails == 3))"
        must "$1, $fails failures: output" "$out" "$( ((fails < 3)) && echo 8.25)"
        must "$1, $fails failures: message" "$(<"$work/err")" "$( ((fails == 3)) && echo "$2")"
    done
    out=$(cd / && env -i PATH="$bin:$PATH" "$at/fetch.sh" tartu 2>/dev/null; grep -c -e '--max-time 20 ' "$log")
    must "$1: 20 seconds when nobody says otherwise" "${out##*$'\n'}" "$(echo 1)"
    out=$(env -i PATH="$PATH" bash "$at/tests/run.sh" 2>&1)
    must "$1: its tests pass" "$?" 0
    for out in "20 seconds" "three tries" "an unknown station" "pauses"; do
        must "$1: test '$out'" "$(grep -c -F "ok \"$out\"" "$at/tests/run.sh")" 1
    done
}
if ((bad == 0)); then
    check main~1 "fetch: tartu does not answer"
    check main "fetch: tartu does not answer (3 tries)"
    must "CHANGES.md" "$(git show main:CHANGES.md)" "# Changes

- Stations that do not answer are asked three times
- TIMEOUT says how long we wait for a station
- Readings of Tartu
- Readings of Oslo and Reykjavik"
    must "nothing else" "$(git diff --name-only "$old" main)" "CHANGES.md
fetch.sh
tests/run.sh"
fi
((bad == 0)) && reward=1

#!/bin/bash
# Makes repositories of its own and compares what the scripts of /app print in them.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH GIT_DIR GIT_WORK_TREE GIT_CONFIG
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
cd / || exit
export HOME=/nonexistent GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=T GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=T GIT_COMMITTER_EMAIL=t@example.org
clock=1772500000
bad=0

begin() { cd "$(mktemp -d)" && git init -q -b main . && commit "chore: start"; }
commit() { clock=$((clock + 60)); GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git commit -q --allow-empty -m "$@"; }
tag() { git tag "$@"; }
run() { timeout 20 "/app/bin/$1" </dev/null 2>/dev/null; }
version() { # CASE WANT CODE
    local got code
    got=$(run next-version)
    code=$?
    if [[ "$got" != "$2" || "$code" != "${3:-0}" ]]; then
        printf '%s: expected %q (%s), got %q (%s)\n' "$1" "$2" "${3:-0}" "$got" "$code"
        bad=1
    fi
}
notes() { # CASE WANT
    local got
    got=$(run notes)
    if [[ "$got" != "$2" ]]; then
        printf '%s: expected\n%s\ngot\n%s\n' "$1" "$2" "$got"
        bad=1
    fi
}

begin; version "none so far" 0.1.0
tag nightly; version "a tag that is no version" 0.1.0
tag v1.0; tag release-2.0.0; tag v1.2.3.4; version "tags that look a little like one" 0.1.0
commit "feat: x"; tag v0.0.9; commit "fix: y"; version "patch of zero" 0.0.10
commit "fix!: z"; version "breaking while zero" 0.1.0
commit "feat: z"; version "feature while zero" 0.1.0

begin; for v in 1.2.0 1.9.0 1.10.0 1.10.2 1.10.10; do commit "feat: $v"; tag "v$v"; done
commit "fix: a"; version "numbers as numbers" 1.10.11
git tag v1.2.99 HEAD; version "the highest, not the nearest" 1.10.11
tag v2.0.0-rc.1; tag v9; tag vacation; tag 9.9.9; version "candidates don't count" 1.10.11
git checkout -q -b next HEAD~2; commit "feat!: far away"; tag v3.0.0; git checkout -q main
version "branches that aren't merged don't count" 1.10.11
git branch v1.10.10; version "a branch with the name of the tag" 1.10.11

begin; commit "feat: a"; tag -a v1.4.0 -m "annotated"; version "nothing new" "" 3
commit "docs: about the feature and the fix"; version "words that aren't types" "" 3
commit "feature: no such type"; version "longer words" "" 3
commit "prefix: nor this"; commit "Fix the bug"; commit "refactor(feat): a scope"; version "scopes aren't types" "" 3
commit "chore: x" -m "feat: not the subject"; version "only the subject has a type" "" 3
commit "perf(core/io): faster"; version "perf" 1.4.1
commit "fix: it" -m "This mentions a BREAKING CHANGE: in the middle."; version "not at the start of a line" 1.4.1
git checkout -q -b side; commit "chore: side"; git checkout -q main; commit "chore: main"
clock=$((clock + 60)); GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000" git merge -q --no-ff -m "feat: merge of the side" side
version "merges" 1.4.1
commit "feat(api,cli): b"; version "scope with a comma" 1.5.0
commit "docs!: c"; version "any type may break" 2.0.0

begin; tag v1.4.0; commit "fix: a" -m "Some text." -m "BREAKING CHANGE: the port is another one"; version "a line of the message" 2.0.0
begin; tag v1.4.0; commit "chore(deps): a" -m "Text
BREAKING CHANGE: right below
Refs: 12"; version "between other lines" 2.0.0
begin; tag v10.20.30; commit "feat(x)!: a"; version "big numbers" 11.0.0
begin; tag v1.4.0; commit "fix:no space"; version "no space, no type" "" 3

begin; tag v1.9.0; commit "feat: older"; tag v1.10.0
commit 'fix: keep C:\new\table and "quotes"'
commit 'feat(cli): print 100% of `ls *` and $HOME  twice'
commit "docs: not in the notes"
commit "perf: fewer allocations: half"
commit "fix(api)!: rename the port"
commit "feat: say hello" -m "BREAKING CHANGE: it was goodbye"
commit "fixture: no fix"
commit "feat: -n is an option"
notes "all parts" '### Breaking
- say hello
- rename the port
### Features
- -n is an option
- print 100% of `ls *` and $HOME  twice
### Fixes
- fewer allocations: half
- keep C:\new\table and "quotes"'
version "and its version" 2.0.0
begin; tag v1.0.0; commit "fix: only this"; notes "one part" '### Fixes
- only this'
begin; tag v1.0.0; commit "ci: x"; notes "no part" ""
begin; commit "feat: from the start"; notes "no version so far" '### Features
- from the start'

[[ $bad == 0 ]] && reward=1

#!/usr/bin/env bash
# Each case makes a small repository and asks for its next version.
here=$(cd "$(dirname "$0")/.." && pwd)
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=T GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=T GIT_COMMITTER_EMAIL=t@example.org
export GIT_AUTHOR_DATE="2026-03-03T10:00:00Z" GIT_COMMITTER_DATE="2026-03-03T10:00:00Z"
bad=0

begin() {
    cd "$(mktemp -d)" && git init -q -b main .
}
commit() { git commit -q --allow-empty -m "$1"; }
version() { # CASE WANT
    local got
    got=$("$here/bin/next-version" 2>&1) || got="exit $?"
    if [ "$got" != "$2" ]; then
        echo "not ok: $1: expected $2, got $got"
        bad=1
    fi
}

begin; commit "chore: start"; version "no version so far" 0.1.0
git tag v1.2.3; commit "fix: a hole"; version "a fix" 1.2.4
commit "feat(cli): a door"; version "a feature" 1.3.0
commit "feat(api)!: another door"; version "a breaking change" 2.0.0
git tag v2.0.0; version "nothing new" "exit 3"
commit "docs: where the door is"; version "nothing to release" "exit 3"

if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad

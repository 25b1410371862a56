# Makes the history of the project; the same objects on every host.
set -eu
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME="Rina Sol" GIT_AUTHOR_EMAIL=rina@example.org
export GIT_COMMITTER_NAME="Rina Sol" GIT_COMMITTER_EMAIL=rina@example.org
chmod +x bin/next-version bin/notes tests/run.sh
git init -q -b main .
git config user.name "Rina Sol"
git config user.email rina@example.org
git config gc.auto 0
day=0
commit() {
    day=$((day + 1))
    local when
    when=$(printf '2026-01-%02dT09:00:00Z' "$day")
    GIT_AUTHOR_DATE=$when GIT_COMMITTER_DATE=$when git commit -q --allow-empty "$@"
}
git add README.md; commit -m "docs: what this is going to be"
git add lib; commit -m "feat: read tags and commits"
git tag v1.8.0
git add bin/next-version; commit -m "feat: work out the next version"
git tag v1.9.0
git add bin/notes; commit -m "feat: print the notes"
git tag v1.10.0
git checkout -q -b next
commit -m "feat!: a server that answers over HTTP"
git tag v2.0.0-rc.1
git checkout -q main
git add tests; commit -m "test: small repositories"
commit -m "chore: tell the bot where the feature list is"
commit -m "fix(notes): leave empty parts out"

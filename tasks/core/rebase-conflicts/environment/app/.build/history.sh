# Makes the history: main as it went on, and the branch as it was left.
set -eu
export GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main .
git config user.name "Oda Lund"
git config user.email oda@example.org
git config gc.auto 0
day=0
# commit WHO STEP MESSAGE: what lies in .build/STEP, as a commit
commit() {
    day=$((day + 1))
    local when
    when=$(printf '2026-04-%02dT09:30:00+02:00' "$day")
    if [ -d ".build/$2" ]; then cp -R ".build/$2/." .; fi
    git add -A -- . ':!.build'
    GIT_AUTHOR_NAME="$1" GIT_AUTHOR_EMAIL="$(tr 'A-Z ' 'a-z.' <<<"$1" | cut -d . -f 1)@example.org" GIT_AUTHOR_DATE=$when \
        GIT_COMMITTER_NAME="Oda Lund" GIT_COMMITTER_EMAIL=oda@example.org GIT_COMMITTER_DATE=$when git commit -q -m "$3"
}
commit "Oda Lund" base "Add up who paid what"
git checkout -q -b categories
commit "Ines Falk" f1 "Read refunds

They have a minus, and are shown with one."
commit "Tomo Rist" f2 "Lists may have a category

A third field. Who has several gets a line for each."
commit "Ines Falk" f3 "Add up by category"
commit "Tomo Rist" f4 "Show totals by category with -c"
commit "Ines Falk" f5 "Say how many refunds there were"
git checkout -q main
commit "Oda Lund" m1 "Read lists in a place of their own

Entry instead of split; parse is called cents now."
commit "Oda Lund" m2 "Amounts may have a comma"
commit "Oda Lund" m3 "Skip comments and blank lines"
git checkout -q categories

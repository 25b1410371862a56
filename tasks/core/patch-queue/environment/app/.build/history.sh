# Makes the history: main, the queue on top of it, and two stashes that were dropped.
set -eu
chmod +x gong.sh tests/run.sh
export GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main .
git config user.name "Jo Berg"
git config user.email jo@example.org
git config gc.auto 0
git config core.logAllRefUpdates true
at() { # DAY HOUR NAME MAIL
    export GIT_AUTHOR_DATE="2026-04-$1T$2:00+02:00" GIT_COMMITTER_DATE="2026-04-$1T$2:00+02:00"
    export GIT_AUTHOR_NAME=$3 GIT_AUTHOR_EMAIL=$4 GIT_COMMITTER_NAME=$3 GIT_COMMITTER_EMAIL=$4
}
jo() { at "$1" "$2" "Jo Berg" jo@example.org; }
commit() { git add -A -- . ':!.build'; git commit -q "$@"; }
# replace FILE OLD NEW, once
replace() {
    local text
    text=$(<"$1")
    [[ $text == *"$2"* ]]
    printf '%s\n' "${text/"$2"/"$3"}" >"$1"
}
jo 07 09:00; commit -m "A gong"

git checkout -q -b queue
at 08 09:30 "Mika Lund" mika@example.org
replace gong.sh 'case $now in
    09:00 | 12:00) echo gong ;;
esac' 'while read -r at what; do
    if [ "$at" = "$now" ]; then echo "$what"; fi
done <"${PLAN:-plan.txt}"'
printf '09:00 gong\n12:00 gong\n12:00 lunch\n' >plan.txt
replace tests/run.sh '# more here' 'rings "two at once" 12:00 $'\''gong\nlunch'\''
# more here'
commit -m "Read the plan from a file

The canteen wants to change it without asking us."
at 08 14:00 "Build" build@ci.example.org
replace gong.sh 'while read' '# QUIET_FROM and QUIET_TO: nothing rings from the one until the other
if [[ ! $now < ${QUIET_FROM:-99:99} && $now < ${QUIET_TO:-99:99} ]]; then exit 0; fi

while read'
commit -m "Quiet hours

Nothing rings between QUIET_FROM and QUIET_TO."
jo 09 08:50
replace gong.sh 'set -eu' 'set -eu
set -x'
replace gong.sh '    if [ "$at"' '    echo "line: $at / $what" >&2
    if [ "$at"'
commit -m "wip: why does it ring twice"
at 09 10:10 "Mika Lund" mika@example.org
replace gong.sh '    echo "line' '    case $at in
        "" | \#*) continue ;;
    esac
    echo "line'
printf '# time and what rings; a time may stand there more than once\n\n%s\n' "$(<plan.txt)" >plan.txt
replace tests/run.sh '# more here' 'rings "a comment" "#" ""
# more here'
commit -m "fixup! Read the plan from a file"

jo 09 10:40
replace tests/run.sh '# more here' 'export QUIET_FROM=12:00
rings "quiet?" 12:00 TODO
# more here'
git stash push -q -u -- tests
git stash drop -q
jo 09 11:00
replace gong.sh '
set -x' ''
replace gong.sh '    echo "line: $at / $what" >&2
' ''
commit -m "no more debugging"
jo 09 16:20
replace tests/run.sh '# more here' 'export PLAN=tests/quiet.plan QUIET_FROM=21:00 QUIET_TO=22:30
rings "before quiet hours" 20:59 bell
rings "when they begin" 21:00 ""
rings "in between" 22:29 ""
rings "when they end" 22:30 bell
# more here'
printf '20:59 bell\n21:00 bell\n22:29 bell\n22:30 bell\n' >tests/quiet.plan
git stash push -q -u -m "tests" -- tests
git stash drop -q
jo 09 17:00
printf '# gong\n\n`gong.sh [HH:MM]` says what rings at this time, by `plan.txt` (or the file that `PLAN` names). `tests/run.sh` runs the tests.\n\nFrom `QUIET_FROM` until `QUIET_TO` nothing rings.\n' >README.md
replace CHANGES.md '# Changes
' '# Changes

- Quiet hours
- The plan is in a file'
replace tests/run.sh '# Asks what rings at which time.' '# Asks what rings at which time, by plan.txt unless PLAN is set.'
commit -m "Document quiet hours"

# Makes the history of the clone: a branch of Mira's, deleted, and main as it went on without it.
set -eu
chmod +x fetch.sh tests/run.sh
export GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main .
git config user.name "Jonas Berg"
git config user.email jonas@example.org
git config gc.auto 0
git config core.logAllRefUpdates true
day=0
at() { # WHO: the next point in time
    day=$((day + 1))
    GIT_COMMITTER_DATE=$(printf '2026-02-%02dT10:00:00+01:00' "$day")
    export GIT_COMMITTER_DATE GIT_AUTHOR_DATE=$GIT_COMMITTER_DATE
    export GIT_COMMITTER_NAME="Jonas Berg" GIT_COMMITTER_EMAIL=jonas@example.org
    case $1 in
        mira) export GIT_AUTHOR_NAME="Mira Kask" GIT_AUTHOR_EMAIL=mira@example.org ;;
        *) export GIT_AUTHOR_NAME="Jonas Berg" GIT_AUTHOR_EMAIL=jonas@example.org ;;
    esac
}
commit() { git add -A -- . ':!.build'; git commit -q "$@"; }
# replace FILE OLD NEW, once
replace() {
    local text
    text=$(<"$1")
    [[ $text == *"$2"* ]]
    printf '%s\n' "${text/"$2"/"$3"}" >"$1"
}

at jonas; commit -m "Fetch the readings of our stations"

at jonas; git checkout -q -b retry
retry='for pause in 1 2 4; do
    if curl -sS "$url"; then exit 0; fi
    sleep "$pause"
done
echo "fetch: $1 does not answer" >&2
exit 1'
at mira
draft="set -x
${retry%$'\n'exit 1}"
replace fetch.sh 'curl -sS "$url"' "$draft"
commit -m "Try again when a station doesn't answer"
at mira
replace fetch.sh "$draft" "$retry"
replace tests/run.sh '# more tests here' '
# A curl that fails: three tries, longer pauses each time
printf '\''#!/bin/bash\necho "curl $*" >>"%s"\nexit 7\n'\'' "$log" >"$bin/curl"
: >"$log"
PATH=$bin:$PATH ./fetch.sh oslo 2>"$bin/err"
ok "exit code 1" '\''[ $? = 1 ]'\''
ok "three tries" '\''[ "$(grep -c ^curl "$log")" = 3 ]'\''
ok "pauses" '\''[ "$(grep ^sleep "$log" | tr "\n" " ")" = "sleep 1 sleep 2 sleep 4 " ]'\''
# more tests here'
git add -A -- . ':!.build'
git commit -q --amend --date "$GIT_AUTHOR_DATE" -m "Try again when a station doesn't answer

The box in Tartu is on a radio link that drops out for seconds.
Three tries, with pauses of 1, 2 and 4 seconds."
at mira
replace fetch.sh 'for pause in 1 2 4; do
' 'tries=0
for pause in 1 2 4; do
    tries=$((tries + 1))
'
replace fetch.sh 'does not answer"' 'does not answer ($tries tries)"'
replace tests/run.sh '# more tests here' 'ok "the message" '\''[ "$(tail -n 1 "$bin/err")" = "fetch: oslo does not answer (3 tries)" ]'\''
# more tests here'
replace CHANGES.md '# Changes
' '# Changes

- Stations that do not answer are asked three times'
commit -m "Say how often we tried"
at jonas; git checkout -q main

at jonas
replace fetch.sh 'curl -sS "$url"' '# TIMEOUT: seconds until we give up on a station
curl -sS --max-time "${TIMEOUT:-20}" "$url"'
replace tests/run.sh '# more tests here' 'ok "20 seconds" '\''grep -q -e "--max-time 20 " "$log"'\''
# more tests here'
replace CHANGES.md '# Changes
' '# Changes

- TIMEOUT says how long we wait for a station'
commit -m "Give up on a station after 20 seconds"
at jonas; git checkout -q -b spike
at jonas; echo "tried: one process a station" >NOTES.md; commit -m "WIP retry in parallel?"
at jonas; git checkout -q main
at jonas
text=$(<stations.csv); printf '%s\n' "${text//,http:/,https:}" >stations.csv
replace fetch.sh 'curl -sS --max-time' "curl -sS --proto '=https' --max-time"
commit -m "Stations speak HTTPS"
at jonas; git branch -q -D retry spike

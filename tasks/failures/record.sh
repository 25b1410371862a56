#!/bin/bash
# Records the cassettes of this suite anew and damages each as its task says. To be run from the repository's root when
# the tools, the prompt or one of these tasks have changed: RETAKE='cargo run --' tasks/failures/record.sh
set -euo pipefail
folder=tasks/failures/cassettes/main
tasks=(instructions-changed cassette-cut cassette-stale drift)
arguments=()
for task in "${tasks[@]}"; do arguments+=(--task "$task"); done
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
${RETAKE:-cargo run --} run tasks/failures --model script "${arguments[@]}" --record "$folder" --out "$out"

edit() { # TASK SED-SCRIPT: changes its cassette, and must change it
    local file=$folder/$1.1.jsonl
    sed -E "$2" "$file" >"$out/edited"
    if cmp -s "$file" "$out/edited"; then
        echo "$1: nothing was changed" >&2
        exit 1
    fi
    cat "$out/edited" >"$file"
}
edit instructions-changed 's/Numbers are written in digits\./Numbers are written in words./'
edit cassette-stale '1s/"task_digest":"[0-9a-f]{8}/"task_digest":"00000000/'
edit drift 's/"effect":\{"answer\.txt":"[0-9a-f]{4}/"effect":{"answer.txt":"0000/'
head -c $(($(wc -c <"$folder/cassette-cut.1.jsonl") / 2)) "$folder/cassette-cut.1.jsonl" >"$out/cut"
cat "$out/cut" >"$folder/cassette-cut.1.jsonl"

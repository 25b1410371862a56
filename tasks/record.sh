#!/bin/bash
# Makes every cassette below tasks/ again from its script, and says what git then sees. To be run from the repository's
# root when tools, prompts, tasks or scripts have changed:
#
#   tasks/record.sh [--check] [--task TASK]... [SET]...
#
# SET: agent-v1 agent-v2 agent-v2-badcache codex claude-code long failures; all of them where none is named. --check: ends
# with 1 where anything is another than what is committed. RETAKE: the program, `cargo run --release --` where it isn't set.
# RETAKE_AGENTS: where fixtures/agents/install.sh has put Codex CLI and Claude Code; without it their sets are left as they are.
#
# A recording that says the same as the one that stands there, but for values that its volatility profile lists, versions of
# programs, and times in the logs of a repository, leaves that as it is, and those values are printed. So nothing changes on
# the same toolchain.
set -euo pipefail
retake=${RETAKE:-cargo run --release --}
check=false
tasks=() sets=()
while (($#)); do
    case $1 in
        --check) check=true ;;
        --task) tasks+=("$2"); shift ;;
        -*) echo "record.sh: there is no option $1" >&2; exit 2 ;;
        *) sets+=("$1") ;;
    esac
    shift
done
((${#sets[@]})) || sets=(agent-v1 agent-v2 agent-v2-badcache codex claude-code long failures)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

wanted() { # TASK: whether it was asked for
    ((${#tasks[@]} == 0)) && return 0
    local task
    for task in "${tasks[@]}"; do [[ $task == "$1" ]] && return 0; done
    return 1
}

scripted() { # FOLDER SUFFIX: tasks that have a script FOLDER/TASK<SUFFIX>, as arguments, in `selected`
    selected=()
    local path name
    for path in "$1"/*"$2"; do
        name=$(basename "$path" "$2")
        [[ -e $path && $name != *.[0-9] ]] && wanted "$name" && selected+=(--task "$name")
    done
    ((${#selected[@]}))
}

record() { # SUITE FOLDER ARGUMENT...: the selected tasks
    local suite=$1 folder=$2
    shift 2
    # Failed trials are a part of the sets; what is void or a fault is not.
    $retake run "$suite" --record "$folder" --out "$out" "${selected[@]}" "$@" >"$out/said" || {
        cat "$out/said" >&2
        return 1
    }
}

agent() { # SET PROGRAM AGENT: an agent that is not ours
    local set=$1 program=$2
    if [[ -z ${RETAKE_AGENTS:-} || ! -x $RETAKE_AGENTS/bin/$program ]]; then
        echo "SKIPPED: $set: RETAKE_AGENTS names no folder with bin/$program; its cassettes are left as they are" >&2
        return 0
    fi
    scripted "tasks/core/scripts/$set" .toml || return 0
    PATH=$RETAKE_AGENTS/bin:$PATH record core "tasks/core/cassettes/$set" --agent "$3" --model "script:$set"
}

edit() { # TASK SED-SCRIPT: changes its cassette, and must change it
    local file=tasks/failures/cassettes/main/$1.1.jsonl
    sed -E "$2" "$file" >"$out/edited"
    if cmp -s "$file" "$out/edited"; then
        echo "$1: nothing was changed" >&2
        exit 1
    fi
    cat "$out/edited" >"$file"
}

damaged() { # the suite failures: recordings that are damaged as each task says
    local folder=tasks/failures/cassettes/main task
    selected=()
    for task in instructions-changed cassette-cut cassette-stale drift model-changed tools-changed parameters-changed \
        item-changed item-inserted item-missing recording-too-short recording-goes-on; do
        selected+=(--task "$task")
    done
    record tasks/failures "$folder" --model script
    edit instructions-changed 's/Numbers are written in digits\./Numbers are written in words./'
    edit cassette-stale '1s/"task_digest":"[0-9a-f]{8}/"task_digest":"00000000/'
    edit drift 's/"effect":\{"answer\.txt":"[0-9a-f]{4}/"effect":{"answer.txt":"0000/'
    edit model-changed 's/^(\{"block":.*"kind":"head".*"model":")stub-1"/\1stub-0"/'
    edit tools-changed 's/Runs a command with bash/Runs a command with sh/'
    edit parameters-changed 's/"tool_choice":"auto"/"tool_choice":"required"/'
    edit item-changed 's/Write the number 42 into/Put the number 42 into/'
    edit item-inserted 's/("step":2,.*"add":\[[0-9]+),[0-9]+\]/\1]/'
    edit item-missing 's/("step":2,.*"add":\[[0-9]+,)([0-9]+)\]/\1\2,\2]/'
    edit recording-too-short '/^\{"exchange":.*"step":2,/d'
    edit recording-goes-on '/^\{"exchange":.*"step":2,/{p; s/"step":2,/"step":3,/; s/"keep":[0-9]+,"add":\[/"keep":13,"add":[9,/}'
    head -c $(($(wc -c <"$folder/cassette-cut.1.jsonl") / 2)) "$folder/cassette-cut.1.jsonl" >"$out/cut"
    cat "$out/cut" >"$folder/cassette-cut.1.jsonl"
}

for set in "${sets[@]}"; do
    echo "$set" >&2
    case $set in
        agent-v1 | agent-v2)
            scripted "tasks/core/scripts/$set" .3.toml || continue
            record core "tasks/core/cassettes/$set" --model "script:$set" --trials 3
            ;;
        agent-v2-badcache)
            scripted tasks/core/scripts/agent-v2 .1.toml || continue
            record core "tasks/core/cassettes/$set" --variant "$set" --model script:agent-v2
            ;;
        codex) agent codex codex codex@0.169.0 ;;
        claude-code) agent claude-code claude claude-code@2.1.330 ;;
        long)
            scripted tasks/long/scripts/main .toml || continue
            record long tasks/long/cassettes/main --model script
            ;;
        failures) damaged ;;
        *) echo "record.sh: there is no set $set" >&2; exit 2 ;;
    esac
done
changes=$(git status --porcelain -- tasks/*/cassettes)
if [[ -z $changes ]]; then
    echo "every recording is as it was"
else
    echo "$changes"
    ! $check
fi

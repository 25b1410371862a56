# What run.sh uses.

# trim TEXT: without white space around it
trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# split LINE: sets name, command, inputs and output. The command may hold bars itself.
split() {
    local rest=${1#*|}
    name=$(trim "${1%%|*}")
    output=$(trim "${rest##*|}")
    rest=${rest%|*}
    inputs=$(trim "${rest##*|}")
    command=$(trim "${rest%|*}")
}

# files INPUTS: every file of a list of inputs, each ended by a NUL
files() {
    local -a words
    local word
    eval "words=($1)" || return
    for word in "${words[@]}"; do
        [ -e "$word" ] || return 1
        find "$word" -type f -print0 || return
    done
}

# key COMMAND INPUTS: names the entry of a step, by what it is made of
key() {
    local list file
    list=$(mktemp) || return
    if ! files "$2" >"$list"; then
        rm -f "$list"
        return 1
    fi
    {
        printf '%s\0' "$1"
        sort -zu "$list" | while IFS= read -r -d '' file; do
            printf '%s\0' "$file"
            sha256sum <"$file"
        done
    } | sha256sum | cut -d ' ' -f 1
    rm -f "$list"
}

# run_step NAME COMMAND INPUTS OUTPUT: its exit code
run_step() {
    local entry code
    echo "== $1"
    entry=$(key "$2" "$3") || { echo "an input is missing: $3"; return 2; }
    entry=$cache/$entry
    if [ -n "$4" ] && [ -f "$entry" ]; then
        mkdir -p -- "$(dirname -- "$4")" && cp -- "$entry" "$4" || return 1
        echo "cached $1"
        return 0
    fi
    bash -o pipefail -c "$2" 2>&1 </dev/null
    code=$?
    if [ "$code" != 0 ]; then return "$code"; fi
    if [ -n "$4" ]; then
        if [ ! -f "$4" ]; then
            echo "$4 was not made"
            return 1
        fi
        cp -- "$4" "$entry.$$" && mv -- "$entry.$$" "$entry" || { rm -f -- "$entry.$$"; return 1; }
    fi
    echo "ok $1"
}

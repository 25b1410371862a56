# What run.sh uses.

trim() {
    echo "$*"
}

# key COMMAND INPUTS: names the entry of a step
key() {
    # size and name are enough: a file that changes changes its size
    (echo "$1"; ls -s $2) | cksum | cut -d ' ' -f 1
}

# run_step NAME COMMAND INPUTS OUTPUT
run_step() {
    local entry
    echo "== $1"
    entry=$cache/$(key "$2" "$3")
    if [ -n "$4" ] && [ -e $entry ]; then
        cp $entry $4
        echo "cached $1"
        return 0
    fi
    # tee keeps a log for the artifacts
    if bash -c "$2" 2>&1 | tee $cache/log; then
        echo "ok $1"
    else
        echo "FAILED $1 ($?)"
        return 1
    fi
    if [ -n "$4" ]; then
        cp $4 $entry
    fi
}

#!/bin/bash
# Builds the sources of /app with a manifest of our own, away from any cargo configuration that lies there, and compares
# what the command prints for each line of cases.txt with expected.txt.
unset BASH_ENV ENV CDPATH RUSTC RUSTC_WRAPPER RUSTFLAGS CARGO_BUILD_RUSTC CARGO_ENCODED_RUSTFLAGS
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
build=$(mktemp -d) || exit
mkdir "$build/crate" && cp -R /app/src "$build/crate/src" && cp /tests/Cargo.toml "$build/crate/" && cd "$build/crate" || exit
export CARGO_HOME=$build/home CARGO_TARGET_DIR=$build/target
cargo build --offline -q || exit

# What a message says in so many words is compared only where the issue or the old code settles it.
plain() {
    local line
    while IFS= read -r line; do
        case $line in
            *"is never closed"* | *"',' or ']'"* | "error: nothing starts"* | *"too large"*) ;;
            "error: "*) line="error: ..." ;;
        esac
        printf '%s\n' "$line"
    done
}

cd / || exit
got=$(
    while IFS= read -r line; do
        printf '=== %s\n' "$line"
        printf -v source '%b' "$line"
        timeout 10 "$build/target/debug/sieve" "$source" </dev/null 2>&1
        printf 'exit %s\n' "$?"
    done </tests/cases.txt
)
if [[ "$(plain <<<"$got")" == "$(plain </tests/expected.txt)" ]]; then
    reward=1
else
    printf '%s\n' "$got"
fi

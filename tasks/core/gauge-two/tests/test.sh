#!/bin/bash
# Builds the report of /app against a gauge of our own and compares what it prints with expected.txt.
unset BASH_ENV ENV CDPATH RUSTC RUSTC_WRAPPER RUSTFLAGS CARGO_BUILD_RUSTC CARGO_ENCODED_RUSTFLAGS
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
build=$(mktemp -d) || exit
mkdir "$build/report" && cp -R /tests/gauge "$build/gauge" && cp -R /app/crates/report/src "$build/report/src" || exit
cp /tests/report.toml "$build/report/Cargo.toml" || exit
printf '[workspace]\nresolver = "2"\nmembers = ["gauge", "report"]\n' >"$build/Cargo.toml"
export CARGO_HOME=$build/home CARGO_TARGET_DIR=$build/target
cd "$build" && cargo build --offline -q || exit

cd / || exit
got=$(
    for input in /tests/lines/*; do
        for ask in paths hosts alerts "alerts --slow 0.25" "alerts --slow 0"; do
            printf '=== %s %s\n' "${input##*/}" "$ask"
            # shellcheck disable=SC2086
            timeout 10 "$build/target/debug/report" $ask <"$input" 2>&1
            printf 'exit %s\n' "$?"
        done
    done
)
if [[ "$got" == "$(</tests/expected.txt)" ]]; then
    reward=1
else
    printf '%s\n' "$got"
fi

#!/bin/bash
# Builds a program of ours on the sources of /app and on a model of ours, with manifests from here, and compares what they print.
unset BASH_ENV ENV CDPATH RUSTC RUSTC_WRAPPER RUSTFLAGS CARGO_BUILD_RUSTC CARGO_ENCODED_RUSTFLAGS
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
build=$(mktemp -d) || exit
mkdir -p "$build/app" "$build/model/src" && cp -R /app/src "$build/app/src" && cp /tests/model.rs "$build/model/src/lib.rs" || exit
rm -f "$build/app/src/main.rs"
export CARGO_HOME=$build/home RUSTFLAGS="-F unsafe-code"
for side in app model; do
    cp /tests/Cargo.toml /tests/laws.rs "$build/$side/" && cd "$build/$side" || exit
    CARGO_TARGET_DIR=$build/target-$side cargo build --offline -q 2>&1 | head -n 30
    cd / && timeout 60 "$build/target-$side/debug/laws" >"$build/$side.out" 2>/dev/null </dev/null || { echo "$side: exit code $?"; exit; }
done
if cmp -s "$build/model.out" "$build/app.out"; then
    reward=1
else
    diff "$build/model.out" "$build/app.out" | head -n 20
fi

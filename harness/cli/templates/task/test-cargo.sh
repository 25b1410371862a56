unset RUSTC RUSTC_WRAPPER RUSTFLAGS CARGO_BUILD_RUSTC CARGO_ENCODED_RUSTFLAGS
export CARGO_HOME=$work/.retake-cargo CARGO_TARGET_DIR=$work/.retake-target
said=$(cargo test --offline -q --no-fail-fast @TESTS@ 2>&1) && ok=1 || ok=0
printf '%s\n' "$said"
((ok)) && grep -Eq '^test result: ok\. [1-9]' <<<"$said" && reward=1

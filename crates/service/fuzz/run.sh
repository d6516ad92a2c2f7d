#!/bin/sh
# Fuzzes each target for some seconds (default 30). `cargo fuzz run TARGET` does the same with a nightly compiler and
# AddressSanitizer; this needs neither: coverage is all that libFuzzer must have. Needs a C++ compiler.
set -eu
cd "$(dirname "$0")"
seconds=${1:-30}
export RUSTFLAGS="--cfg fuzzing -C debug-assertions -C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=4 \
  -C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table \
  -C llvm-args=-sanitizer-coverage-trace-compares -C codegen-units=1"
target=$(rustc -vV | sed -n 's/^host: //p')
# With a target named, build scripts and macros are spared the flags.
cargo build --release --quiet --target "$target"
for name in ipc_conversation health_request; do
    mkdir -p "corpus/$name" "artifacts/$name"
    "${CARGO_TARGET_DIR:-target}/$target/release/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 \
        -print_final_stats=1 -artifact_prefix="artifacts/$name/" "corpus/$name" "seeds/$name"
done

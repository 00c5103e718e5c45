#!/usr/bin/env bash
#
# Every fuzzer for 10 million executions, two at a time, on a copy of its corpus: what it finds fails the test.
# PSCALEFS_FUZZ_RUNS=N for another number.
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=${PSCALEFS_FUZZ_RUNS:-10000000}
build="build-fuzz"
work=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT

[[ -d $build ]] || CC=clang meson setup "$build" -Dfuzz=true -Demulator=false >"$work/setup"
ninja -C "$build" >"$work/ninja" || { cat "$work/ninja" && exit 1; }

# fuzz PROGRAM: prints what libFuzzer says at its end.
fuzz() {
	local name=${1##*/fuzz-}
	cp -r "tests/fuzz/corpus/$name" "$work/$name"
	if "$1" -runs="$runs" -print_final_stats=1 -artifact_prefix="$work/found-" "$work/$name" >"$work/$name.log" 2>&1; then
		echo "$name: $(grep -o 'number_of_executed_units:.*' "$work/$name.log")"
	else
		tail -n 40 "$work/$name.log"
		return 1
	fi
}

failed=0 running=0
for program in "$build"/tests/fuzz/fuzz-*; do
	[[ -f $program && -x $program ]] || continue
	fuzz "$program" &
	running=$((running + 1))
	[[ $running -lt 2 ]] || { wait -n || failed=1; running=1; }
done
while wait -n; do :; done || failed=1
exit "$failed"

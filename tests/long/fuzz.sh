#!/usr/bin/env bash
#
# Every fuzzer on a copy of its corpus, two at a time: PSCALEFS_FUZZ_RUNS executions each (10,000,000;
# of whole operations 1,000,000), or PSCALEFS_FUZZ_SECONDS (2700) if that is sooner.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."

root=$PWD
build=${PSCALEFS_FUZZ_BUILD:-$root/build-fuzz}
seconds=${PSCALEFS_FUZZ_SECONDS:-2700}
work=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT

[[ -f $build/build.ninja ]] ||
	CC=clang meson setup -Dfuzz=true -Demulator=false "$build" >"$work/log" 2>&1 ||
	{ cat "$work/log" && exit 1; }
ninja -C "$build" -j 2 >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }

fuzz() {
	local name=$1 runs=${PSCALEFS_FUZZ_RUNS:-10000000} log=$work/$1.log status=0
	[[ $name != ops || ${PSCALEFS_FUZZ_RUNS-} ]] || runs=1000000
	cp -r "tests/fuzz/corpus/$name" "$work/$name"
	"$build/tests/fuzz/fuzz-$name" -runs="$runs" -max_total_time="$seconds" -timeout=25 \
		-print_final_stats=1 -artifact_prefix="$build/$name-" "$work/$name" \
		>"$log" 2>&1 || status=$?
	[[ $status -eq 0 ]] || tail -n 60 "$log"
	awk -v name="$name" '
		/number_of_executed_units/ { n = $2 }
		/average_exec_per_sec/ { rate = $2 }
		END { printf "%s: %d executions, %d a second\n", name, n, rate }' "$log"
	return "$status"
}

running=0 failed=0
for name in credential decode grammar names ops; do
	fuzz "$name" &
	running=$((running + 1))
	if [[ $running -eq 2 ]]; then
		wait -n || failed=$((failed + 1))
		running=$((running - 1))
	fi
done
while [[ $running -gt 0 ]]; do
	wait -n || failed=$((failed + 1))
	running=$((running - 1))
done
[[ $failed -eq 0 ]]

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every fuzzer for long, two at a time: PSCALEFS_FUZZ_RUNS executions each (10,000,000). It fails if
# these take a fuzzer longer than PSCALEFS_FUZZ_SECONDS (10800).
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."

# shellcheck source=tests/fuzz/lib.sh
source tests/fuzz/lib.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT

fuzz_compile 2 >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }

running=0 failed=0
ended() {
	wait -n || failed=$((failed + 1))
	running=$((running - 1))
}
for name in $(fuzz_names); do
	fuzz "$name" "${PSCALEFS_FUZZ_RUNS:-10000000}" "${PSCALEFS_FUZZ_SEED:-$RANDOM}" "$work/$name" \
		-max_total_time="${PSCALEFS_FUZZ_SECONDS:-10800}" &
	running=$((running + 1))
	[[ $running -lt 2 ]] || ended
done
while [[ $running -gt 0 ]]; do ended; done
[[ $failed -eq 0 ]]

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# 100,000 random operations, in chunks of other seeds and on fresh mounts: see tests/fs/model-short.sh.
set -euo pipefail

test=$(dirname "$0")/../fs/model-short.sh
operations=${PSCALEFS_MODEL_OPERATIONS:-100000}
first=${PSCALEFS_MODEL_SEED:-1}
chunk=4000
at_once=$((2 * $(nproc))) # they mostly wait

export PSCALEFS_PATIENCE=10 PSCALEFS_MODEL_OPERATIONS=$chunk
running=0 failed=0
for ((seed = first; seed < first + (operations + chunk - 1) / chunk; seed++)); do
	PSCALEFS_MODEL_SEED=$seed bash "$test" &
	running=$((running + 1))
	if [[ $running -eq $at_once ]]; then
		wait -n || failed=$((failed + 1))
		running=$((running - 1))
	fi
done
while [[ $running -gt 0 ]]; do
	wait -n || failed=$((failed + 1))
	running=$((running - 1))
done
[[ $failed -eq 0 ]]

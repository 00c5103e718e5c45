#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Some 10,000 random shell commands, in chunks of other seeds and on fresh mounts: see
# tests/fs/shell-stress.sh.
set -euo pipefail

test=$(dirname "$0")/../fs/shell-stress.sh
first=${PSCALEFS_STRESS_SEED:-1}
chunks=${PSCALEFS_STRESS_CHUNKS:-8}

export PSCALEFS_PATIENCE=10 PSCALEFS_STRESS_ROUNDS=${PSCALEFS_STRESS_ROUNDS:-26}
failed=0
for ((seed = first; seed < first + chunks; seed++)); do
	PSCALEFS_STRESS_SEED=$seed bash "$test" || failed=$((failed + 1))
done
[[ $failed -eq 0 ]]

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Random shell commands by four workers, with faults: exit status 0 means that it is so, and nothing
# changes that no command asked for. Written from pscalefs(5) alone.
#
#   PSCALEFS_STRESS_SEED=N    other commands (1)
#   PSCALEFS_STRESS_ROUNDS=N  more of them, 48 each
. "$(dirname "$0")/lib.sh"

seed=${PSCALEFS_STRESS_SEED:-1}

start_emulator
start_mount -o timeout=0.8,rate=0
python3 "$root/tests/fs/tools/shell_stress.py" --mount="$mnt" --control="$control_url" --work="$work" \
	--seed="$seed" --rounds="${PSCALEFS_STRESS_ROUNDS:-12}" >"$work/stress" 2>&1 ||
	fail "$(cat "$work/stress")"
[[ ! ${PSCALEFS_STRESS_VERBOSE-} ]] || tail -n 1 "$work/stress"

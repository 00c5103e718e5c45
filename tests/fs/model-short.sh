#!/usr/bin/env bash
#
# Some thousand random operations of several processes, with faults and with changes behind the mount's
# back: what was reported as done is done, nothing else is, and nothing was seen that was never true.
#
#   PSCALEFS_MODEL_SEED=N        other operations (1)
#   PSCALEFS_MODEL_OPERATIONS=N  more of them
. "$(dirname "$0")/lib.sh"

seed=${PSCALEFS_MODEL_SEED:-1}
operations=${PSCALEFS_MODEL_OPERATIONS:-$([[ ${PSCALEFS_VALGRIND-} ]] && echo 480 || echo 2400)}
# With little cached much is asked; with much cached, what others do meets what is no longer true.
cache=$((seed % 2 ? 300 : 5000))

start_emulator
start_mount -o "timeout=0.8,cache=$((cache / 1000)).$((cache % 1000 / 100)),rate=0"
"$build/tests/model/pscalefs-model" --control="$control_url" --mount="$mnt" --timeout-ms=800 \
	--cache-ms="$cache" --seed="$seed" --operations="$operations" --verbose >"$work/model" 2>&1 ||
	fail "$(grep -v ' succeeded: ' "$work/model")"

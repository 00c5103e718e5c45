#!/usr/bin/env bash
#
# Some thousand random operations of several processes, with faults and with changes behind the mount's
# back: what was reported as done is done, nothing else is, and nothing was seen that was never true.
. "$(dirname "$0")/lib.sh"

seed=${PSCALEFS_MODEL_SEED:-1} operations=${PSCALEFS_MODEL_OPERATIONS:-2400}

start_emulator
# With little cached much is asked; with much cached, what others do meets what is no longer true.
cache_ms=$((seed % 2 ? 300 : 5000))
start_mount -o "timeout=0.8,cache=$((cache_ms / 1000)).$((cache_ms % 1000 / 100)),rate=0"
"$build/tests/model/pscalefs-model" --control="$control_url" --mount="$mnt" \
	--timeout-ms=800 --cache-ms="$cache_ms" --seed="$seed" --operations="$operations" ${PSCALEFS_MODEL_FLAGS-} >"$work/model" 2>&1 ||
	fail "$(cat "$work/model")"

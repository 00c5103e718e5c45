#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The model, the oracle on a mount and all sweeps, each with a cache that outlasts them, with the usual one and with
# none: how long an answer is used decides when a change elsewhere is seen, and nothing else.
#
#   PSCALEFS_CACHE=SECONDS…      other cache times (3600 30 0)
#   PSCALEFS_MODEL_SEED=N        the first of the model's seeds (1); each has 4000 operations
#   PSCALEFS_MODEL_OPERATIONS=N  so many of each cache time (12000)
#   PSCALEFS_ORACLE_SEED, PSCALEFS_ORACLE_SEQUENCES (20000), PSCALEFS_ORACLE_SECONDS: as of tests/fs/oracle-short.sh (120 seconds)
set -euo pipefail

here=$(dirname "$0")
first=${PSCALEFS_MODEL_SEED:-1}
chunk=4000
last=$((first + (${PSCALEFS_MODEL_OPERATIONS:-12000} + chunk - 1) / chunk - 1))
at_once=$((2 * $(nproc))) # they mostly wait

export PSCALEFS_PATIENCE=10 PSCALEFS_ORACLE_SECONDS=${PSCALEFS_ORACLE_SECONDS:-120}
export PSCALEFS_ORACLE_SEQUENCES=${PSCALEFS_ORACLE_SEQUENCES:-20000} # more than fit
running=0 failed=0
ended() {
	wait -n || failed=$((failed + 1))
	running=$((running - 1))
}

# start NAME [VARIABLE=VALUE…]: says which one it was, if it fails.
start() {
	{ env "${@:2}" bash "$here/../fs/$1.sh" || { echo "failed: $1 with ${*:2}" && false; }; } &
	running=$((running + 1))
	[[ $running -lt $at_once ]] || ended
}

for cache in ${PSCALEFS_CACHE:-3600 30 0}; do
	for ((seed = first; seed <= last; seed++)); do
		start model-short PSCALEFS_CACHE="$cache" PSCALEFS_MODEL_SEED="$seed" PSCALEFS_MODEL_OPERATIONS=$chunk
	done
	start oracle-short PSCALEFS_CACHE="$cache"
	for sweep in "$here"/../fs/sweep*.sh; do
		start "$(basename "$sweep" .sh)" PSCALEFS_CACHE="$cache"
	done
done
while [[ $running -gt 0 ]]; do ended; done
[[ $failed -eq 0 ]]

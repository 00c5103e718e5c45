#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Sequences of system calls by a few handles and processes, on `permissions` and on a file of a tmpfs at
# once: each call says the same, and in the end is granted what the regular file says.
#
#   PSCALEFS_ORACLE_SEED=N       other sequences (1)
#   PSCALEFS_ORACLE_SEQUENCES=N  so many (1200), at most within
#   PSCALEFS_ORACLE_SECONDS=N    so many seconds (60)
#   PSCALEFS_ORACLE_OPTIONS=…    of pscalefs-oracle
. "$(dirname "$0")/lib.sh"

tmpfs=$work/tmpfs
mkdir "$tmpfs"
[[ $(stat -f -c %T "$tmpfs") == tmpfs ]] || tmpfs=$(mktemp -d /dev/shm/pscalefs-oracle.XXXXXX)

start_emulator
start_mount -o rate=0
status=0
# shellcheck disable=SC2086 # words
timeout "$((${PSCALEFS_ORACLE_SECONDS:-60} + 60))" "$build/tests/oracle/pscalefs-oracle" --control="$control_url" \
	--mount="$mnt" --tmpfs="$tmpfs" --seed="${PSCALEFS_ORACLE_SEED:-1}" \
	--sequences="${PSCALEFS_ORACLE_SEQUENCES:-1200}" --seconds="${PSCALEFS_ORACLE_SECONDS:-60}" \
	${PSCALEFS_ORACLE_OPTIONS-} >"$work/oracle" 2>&1 || status=$?
rm -rf "$tmpfs"
[[ $status -eq 0 ]] || fail "$(cat "$work/oracle")"
[[ ! ${PSCALEFS_ORACLE_VERBOSE-} ]] || cat "$work/oracle"

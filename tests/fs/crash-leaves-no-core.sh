#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A daemon that crashes leaves no core dump, whatever the limits it was started with, and its mount heals
# at the next start.
. "$(dirname "$0")/lib.sh"

# The sanitizers, and valgrind, catch what ends it.
program=$release_build/src/pscalefs wrapper=()

# Runs a command, and says how it ended: "SIGNAL dumped" or "SIGNAL clean". bash does not tell.
reaper='
import os, sys
pid = os.posix_spawnp(sys.argv[3], sys.argv[3:], os.environ)
open(sys.argv[1], "w").write(str(pid))
status = os.waitpid(pid, 0)[1]
open(sys.argv[2], "w").write("%d %s\n" % (os.WTERMSIG(status), "dumped" if os.WCOREDUMP(status) else "clean"))
'

# reap COMMAND…: in the background, with cores as large as may be.
reap() {
	rm -f "$work/pid" "$work/end"
	(
		ulimit -S -c "$(ulimit -H -c)"
		cd "$work/crash"
		exec python3 -c "$reaper" "$work/pid" "$work/end" "$@" >>"$log" 2>&1
	) &
	wait_for test -s "$work/pid"
	pid=$(cat "$work/pid")
}

mkdir "$work/crash" "$mnt"
start_emulator
for signal in ABRT SEGV BUS; do
	set_command
	: >"$log" # what is asked of the mount, the kernel may still know of the dead one
	reap "${command[@]}" -f "$mnt"
	wait_for grep -q '^pscalefs: notice: mounted ' "$log"
	mkdir "$tokens/$signal"
	[[ $(cat "$tokens/$signal/token") == pscale_tkn_* ]] || fail "no secret in memory"
	kill -"$signal" "$pid"
	wait_for test -s "$work/end"
	assert_eq "$(kill -l "$signal") clean" "$(cat "$work/end")"
	assert_eq '' "$(ls -A "$work/crash")" 'what it left'
	assert_fails 'Transport endpoint is not connected' ls "$mnt"
done

start_mount
assert_eq acme "$(ls "$mnt")"
assert_gone "$tokens/SEGV/token"

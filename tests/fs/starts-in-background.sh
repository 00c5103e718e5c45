#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Without -f the command returns when the mount can be used, silently and with status 0; the daemon
# stays, keeps no terminal, no file and no directory, and ends with its mount.
#
# Only root may look into the daemon's /proc (it makes no dumps), so what it keeps is found by what that would
# do: a pipe that still has a writer or a reader, a lock that is held, a mount that is busy.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount # only to be the directory where the other is started
at=$work/background
mkdir "$at"
mkfifo "$work/in"
set_command
exec 6<>"$work/in" 7>"$work/lock" # as a script has that holds a lock meanwhile
exec 5<"$work/in" 6>&-
flock 7
(cd "$org" && exec timeout 20 "${command[@]}" "$at") <&5 2>&1 | timeout 30 cat >"$work/said"
exec 5<&- 7>&-
assert_eq '' "$(cat "$work/said")"
mounted "$at" || fail "not mounted when it returned"
assert_eq acme "$(ls "$at")"

# The daemon is the one that has our program, our mount point as argument, and no parent but init.
pid=$(pgrep -f -- "$program $at\$")
[[ $pid ]] || fail "no daemon"
assert_eq "$pid ?" "$(ps -o sid=,tty= -p "$pid" | xargs)" 'a session of its own, without a terminal'
assert_fails 'No such device or address' dd if=/dev/null of="$work/in" oflag=nonblock conv=nocreat,notrunc status=none
flock --nonblock "$work/lock" true || fail "it keeps the lock"
stop_mount
if [[ $EUID -eq 0 ]]; then
	assert_eq / "$(readlink "/proc/$pid/cwd")"
	for fd in 0 1 2; do assert_eq /dev/null "$(readlink "/proc/$pid/fd/$fd")"; done
fi

wait_quietly fusermount3 -q -u "$at" || fail "cannot unmount"
wait_for process_ended "$pid"

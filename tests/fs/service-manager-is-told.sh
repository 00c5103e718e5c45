#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# In the foreground it tells the service manager in $NOTIFY_SOCKET when the mount can be used, when a reload
# has begun and ended, and that it stops; from inside the sandbox, by a socket that is a file and by an
# abstract one. In the background, where it is not the process that the manager started, it tells nothing.
. "$(dirname "$0")/lib.sh"

# start_manager NAME: what is told to it is in $work/told, a datagram a line.
start_manager() {
	: >"$work/told"
	rm -f "$work/notify"
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind("\0" + name[1:] if name[0] == "@" else name)
with open(sys.argv[2], "ab", buffering=0) as f:
    f.write(b"listening\n")
    while True:
        f.write(s.recv(65536).strip().replace(b"\n", b" ") + b"\n")
' "$1" "$work/told" &
	manager=$!
	wait_for grep -q '^listening$' "$work/told"
	notify=$1
}

# told: since the start of the manager; a time is a number that differs.
told() { sed -e 1d -e 's/MONOTONIC_USEC=[1-9][0-9]*/MONOTONIC_USEC=N/' "$work/told"; }
was_told() { [[ $(told) == "$1" ]]; }
assert_told() { wait_quietly was_told "$1" || assert_eq "$1" "$(told)" told; }

start_emulator
ready='READY=1 STATUS=mounted'
reload='RELOADING=1 MONOTONIC_USEC=N STATUS=reading the credential again'
stop='STOPPING=1 STATUS=unmounting'
for name in "$work/notify" "@pscalefs-test-$$"; do
	start_manager "$name"
	credential+=("NOTIFY_SOCKET=$notify")
	start_mount
	assert_told "$ready"
	assert_contains "$(cat "$mnt/.pscalefs/status")" 'sandbox: '
	kill -HUP "$daemon"
	assert_told "$ready"$'\n'"$reload"$'\n'"$ready"
	stop_mount
	assert_told "$ready"$'\n'"$reload"$'\n'"$ready"$'\n'"$stop"

	# By a signal, as a manager stops it.
	end_process "$manager" KILL
	start_manager "$name"
	start_mount
	kill -TERM "$daemon"
	wait_for process_ended "$daemon"
	reap_daemon
	assert_told "$ready"$'\n'"$stop"

	# In the background; nothing else could have been told before the good end.
	end_process "$manager" KILL
	start_manager "$name"
	run pscalefs "$mnt"
	assert_eq 0 "$status"
	pid=$(pgrep -f -- "^$program $mnt\$")
	unmount
	wait_for process_ended "$pid"
	assert_told ''
	end_process "$manager" KILL
done

# A failure is told with its reason, and is a failure whoever listens.
start_manager "$work/notify"
credential=("PLANETSCALE_SERVICE_TOKEN_ID=$admin_id" PLANETSCALE_SERVICE_TOKEN=pscale_tkn_wrongwrongwrongwrongwrong
	"NOTIFY_SOCKET=$notify")
assert_fails 'rejected the credential' pscalefs -f "$mnt"
assert_eq 32 "$status"
wait_for grep -q '^ERRNO=[1-9][0-9]* STATUS=.*rejected the credential' "$work/told"
assert_lacks "$(cat "$work/told")" READY STOPPING wrongwrong
end_process "$manager" KILL

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The kernel tells of the last reference to a file when it likes, and at the unmount it forgets what it has not
# told. What was closed is closed: the change is made.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch create_branch
F=$tokens/ci/databases/shop/permissions

# A message to nobody keeps the file while it is closed. Then the daemon is stopped, and the message dropped.
empty_and_drop() {
	python3 - "$F" "$daemon" <<-'PYTHON'
		import os, signal, socket, sys
		file = os.open(sys.argv[1], os.O_WRONLY | os.O_TRUNC)
		one, other = socket.socketpair()
		socket.send_fds(one, [b"x"], [file])
		os.close(file)
		os.kill(int(sys.argv[2]), signal.SIGSTOP)
		one.close()
		other.close()
	PYTHON
}

start_mount
empty_and_drop
unmount
kill -CONT "$daemon"
reap_daemon
assert_eq '' "$(scopes_of ci shop)"

# A lost connection closes nothing: who has the file open may be about to write more.
grant ci shop read_branch
start_mount
exec 3>"$F"
exec 4>&3 4>&- # one copy of it is closed: at the last one, all is revoked
as_root=()
[[ $EUID -eq 0 ]] || as_root=(sudo -n)
assert_fails 'target is busy' "${as_root[@]}" umount -f "$mnt"
wait_for process_ended "$daemon"
exec 3>&- || true
reap_daemon
assert_eq read_branch "$(scopes_of ci shop)"
fusermount3 -u -z "$mnt"

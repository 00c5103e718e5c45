# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# leave_others: a new mount namespace begins with what other tests have mounted, and as long as it is there
# the kernel keeps those mounts: their daemons could not end after fusermount3 -u. This lets go of them.
leave_others() {
	local at mounts
	# First the whole list: when a mount goes, the lines of /proc/mounts behind it move up, and a loop
	# that reads and unmounts by turns skips some.
	mapfile -t mounts < <(awk '$3 == "fuse.pscalefs" { print $2 }' /proc/mounts)
	for at in "${mounts[@]}"; do
		umount --lazy "$at" 2>/dev/null || true
	done
}

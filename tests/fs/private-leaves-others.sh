#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A test with a mount namespace of its own keeps no mount of the others, so their daemons can end.
. "$(dirname "$0")/lib.sh"
# A normal user's namespace cannot let go of a mount that was there before.
[[ $EUID -eq 0 ]] || exit 0

start_emulator
set_command
daemons=()
for i in {1..6}; do
	mkdir "$work/$i"
	"${command[@]}" -f "$work/$i" >>"$log" 2>&1 &
	daemons+=($!)
	wait_for mounted "$work/$i"
done

mkfifo "$work/end"
# shellcheck disable=SC2016 # for the other bash
unshare --mount bash -c '
	. "$1/leave_others.bash"
	leave_others
	: >"$2/left"
	read -r _ <"$2/end"' bash "$(dirname "$0")" "$work" &
namespace=$!
wait_for test -e "$work/left"
assert_eq '' "$(awk '$3 == "fuse.pscalefs" { print $2 }' "/proc/$namespace/mounts")" 'mounts that are kept'
for i in {1..6}; do wait_for fusermount3 -q -u "$work/$i"; done
for pid in "${daemons[@]}"; do
	wait_for process_ended "$pid"
	status_of "$pid"
	assert_eq 0 "$status"
done
echo >"$work/end"

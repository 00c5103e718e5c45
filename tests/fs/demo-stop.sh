#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `contrib/demo stop` unmounts; where that fails it says why: what uses the mount, or else what fusermount3 said.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
export XDG_RUNTIME_DIR=$work
state=$work/pscalefs-demo-$UID
mkdir -m 0700 "$state"
echo "$mnt" >"$state/mountpoint"

is_sleep() { [[ $(cat "/proc/$1/comm") == sleep ]]; }
(cd "$org" && exec sleep 1000) &
user=$!
wait_for is_sleep "$user"
assert_fails "$mnt is in use by sleep ($user); " "$root/contrib/demo" stop
assert_contains "$message" "fusermount3 -u -z $mnt"
end_process "$user" KILL

mkdir "$work/bin"
printf '#!/bin/sh\necho "fusermount3: failed to open /etc/mtab" >&2\nexit 1\n' >"$work/bin/fusermount3"
chmod +x "$work/bin/fusermount3"
PATH=$work/bin:$PATH assert_fails "$mnt cannot be unmounted: fusermount3: failed to open /etc/mtab" \
	"$root/contrib/demo" stop
assert_lacks "$message" 'in use'
mounted "$mnt" || fail "it is unmounted"

assert_eq "Stopped; nothing is mounted at $mnt." "$("$root/contrib/demo" stop)"
! mounted "$mnt" || fail "still mounted"
reap_daemon

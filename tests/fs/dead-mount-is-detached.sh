#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A mount whose daemon was killed is in nobody's way: mounting there again detaches it first.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
assert_eq acme "$(ls "$mnt")"
kill -KILL "$daemon"
status_of "$daemon"
daemon=''
assert_fails 'Transport endpoint is not connected' ls "$mnt"

start_mount
assert_eq acme "$(ls "$mnt")"
stop_mount
! mounted "$mnt" || fail "something is still mounted"
[[ -d $mnt && ! $(ls -A "$mnt") ]] || fail "the mount point is not what it was"

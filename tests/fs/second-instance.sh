#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Mounting where a live mount is already is refused and said, and the first goes on undisturbed.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
set_command
for foreground in -f ""; do
	run timeout 10 "${command[@]}" ${foreground:+"$foreground"} "$mnt"
	assert_eq 32 "$status" "$message"
	assert_contains "$message" 'pscalefs: ' "$mnt" 'already mounted'
done
assert_eq acme "$(ls "$mnt")"
assert_eq 1 "$(awk -v at="$mnt" '$5 == at' /proc/self/mountinfo | wc -l)"

# Inside it neither.
run timeout 10 "${command[@]}" "$org"
assert_eq 32 "$status" "$message"

# Beside it, all is well, and they do not disturb each other.
mkdir "$work/other"
"${command[@]}" -f "$work/other" >>"$log" 2>&1 &
other=$!
wait_for mounted "$work/other"
assert_eq acme "$(ls "$work/other")"
mkdir "$work/other/acme/service-tokens/ci"
refresh
assert_eq ci "$(ls "$tokens")"
assert_gone "$tokens/ci/token"
wait_for fusermount3 -q -u "$work/other"
status_of "$other"
assert_eq 0 "$status"
assert_eq acme "$(ls "$mnt")"

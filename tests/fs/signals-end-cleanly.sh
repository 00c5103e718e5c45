#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# TERM, INT and an unmount end the daemon with status 0 and leave no mount, also while somebody waits.
. "$(dirname "$0")/lib.sh"

start_emulator
api_switch list_accesses absent
add_token ci
id=$(token_id ci)

ended() {
	wait_for process_ended "$daemon"
	reap_daemon
	! mounted "$mnt" || fail "$1 left the mount"
	[[ $finding -eq 0 ]] || exit 1
}

for signal in TERM INT; do
	start_mount
	assert_eq acme "$(ls "$mnt")"
	kill -"$signal" "$daemon"
	ended "$signal"
done

# A signal that means nothing takes no secret along.
start_mount
mkdir "$tokens/secret"
for signal in USR1 USR2; do kill -"$signal" "$daemon"; done
[[ -s $tokens/secret/token ]] || fail 'no secret'
rm -r "$tokens/secret"
stop_mount

# With a directory of it in use, and a reader who will never have its answer: that one fails.
for signal in TERM INT; do
	start_mount
	ls "$tokens" "$org/databases" >/dev/null
	hold GET "$T/$id"
	exec 3<"$org"
	start_blocked cat "$tokens/ci/databases/shop/permissions"
	kill -"$signal" "$daemon"
	ended "$signal"
	status_of "$reader"
	[[ $status -ne 0 ]] || fail "the reader read what nobody said"
	exec 3<&-
	api_release
done

# A person's unmount; while a reader is in there, it is busy, and nothing happens.
start_mount
ls "$tokens" "$org/databases" >/dev/null
hold GET "$T/$id"
start_blocked cat "$tokens/ci/databases/shop/permissions"
assert_fails busy fusermount3 -u "$mnt"
blocked_in cat "$reader" || fail "the reader was disturbed"
api_release
status_of "$reader"
assert_eq 0 "$status"
unmount
ended fusermount3

asks_again() {
	ls "$tokens" >/dev/null && requested GET "$T"
}

# HUP ends nothing: it forgets what is cached.
start_mount
ls "$tokens" >/dev/null
api_clear
kill -HUP "$daemon"
wait_for asks_again
mounted "$mnt" || fail "HUP ended it"

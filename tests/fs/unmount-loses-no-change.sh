#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a close left to do is done though the mount is gone by then, and what fails then is logged.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch create_branch
id=$(token_id ci)

# Truncate and unmount at once: the revocation waits for a fresh answer, of which $@ tells.
empty_and_unmount() {
	start_mount
	cat "$tokens/ci/databases/shop/permissions" >/dev/null
	fault GET "$T/$id" "$@"
	: >"$tokens/ci/databases/shop/permissions"
	unmount
	! mounted "$mnt" || fail "still mounted"
	! process_ended "$daemon" || fail "the daemon ended before its change"
}

# There it is refused: the log says so.
fault DELETE '*/access' status=403
allow_error .
empty_and_unmount delay_ms=1000
wait_for process_ended "$daemon"
grep -q 'close /acme/service-tokens/ci/databases/shop/permissions: EACCES' "$log" || fail "$(cat "$log")"
reap_daemon
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"

empty_and_unmount apply=true silence=true
wait_for requested GET "$T/$id"
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
api_release
wait_for process_ended "$daemon"
reap_daemon
assert_eq '' "$(scopes_of ci shop)"

# A signal to stop ends what is left.
grant ci shop read_branch
empty_and_unmount apply=true silence=true
kill -TERM "$daemon"
wait_for process_ended "$daemon"
grep -q 'the mount ended before the change was done' "$log" || fail "$(cat "$log")"

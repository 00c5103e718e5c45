#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Eight readers of one file that nobody has read yet cost one request, and all get the answer.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
file=$tokens/ci/databases/shop/permissions

eight_readers() {
	local i reader readers=()
	for i in {1..8}; do
		cat "$file" >"$work/out.$i" &
		readers+=($!)
	done
	for reader in "${readers[@]}"; do wait_for blocked_in cat "$reader"; done
	api_release
	for reader in "${readers[@]}"; do wait "$reader"; done
	for i in {1..8}; do assert_eq read_branch "$(cat "$work/out.$i")"; done
}

# The list of tokens has the grants in it.
start_mount
ls "$org/databases" >/dev/null
api_clear
hold GET "$T"
eight_readers
assert_requests "GET $T"

# It has not, and the token itself has: eight readers, one GET of the token.
api_switch list_accesses absent
refresh
ls "$tokens" "$org/databases" >/dev/null
id=$(token_id ci)
api_clear
hold GET "$T/$id"
eight_readers
assert_requests "GET $T/$id"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A change made elsewhere shows after a write to refresh, touch of a directory, or SIGHUP; not before.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token token-0
grant token-0 shop read_branch
start_mount
file=$tokens/token-0/databases/shop/permissions

shown() { ls "$tokens" | tail -n 1; }
assert_eq token-0 "$(shown)"
assert_eq read_branch "$(cat "$file")"

number=0
shows_after() {
	number=$((number + 1))
	add_token "token-$number"
	assert_eq "token-$((number - 1))" "$(shown)" "before: $*"
	"$@"
	wait_for shows "token-$number"
}
shows() { [[ $(shown) == "$1" ]]; }

shows_after refresh
shows_after append "$mnt/.pscalefs/refresh" x
shows_after touch "$mnt/.pscalefs/refresh"
shows_after touch "$tokens"
shows_after touch "$org"
shows_after touch "$mnt"
shows_after kill -HUP "$daemon"

# Grants as well, and the whole tree by one write.
grant token-0 shop create_branch
assert_eq read_branch "$(cat "$file")"
refresh
assert_eq $'create_branch\nread_branch' "$(cat "$file")"
api_data '{"op": "add-database", "name": "attic"}'
refresh
assert_eq $'attic\nblog\nshop' "$(ls "$org/databases")"

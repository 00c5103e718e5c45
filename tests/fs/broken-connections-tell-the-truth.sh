#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A connection that breaks: what may be repeated is, what may not fails, and no command lies.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount -o timeout=3
allow_error .
id=$(token_id ci)
file=$tokens/ci/databases/shop/permissions
ls "$tokens" "$org/databases" >/dev/null

# Granting and revoking are sent again, whether PlanetScale had made the change or not.
for when in before after; do
	fault POST "$T/$id/access" close=$when
	append "$file" read_branch
	assert_eq read_branch "$(scopes_of ci shop)" "$when"
	fault DELETE "$T/$id/access" close=$when
	append "$file" -read_branch
	assert_eq '' "$(scopes_of ci shop)" "$when"
done

# Without end: the command fails within the timeout.
fault POST "$T/$id/access" close=before count=0
assert_fails 'error' append "$file" read_branch
api_release
assert_eq '' "$(scopes_of ci shop)"
assert_eq '' "$(cat "$file")"

# Creating is never repeated. Not made: it fails, and there is no token.
api_clear
fault POST "$T" close=before
assert_fails 'Input/output error' mkdir "$tokens/lost"
assert_eq 1 "$(api_count POST "$T")"
! token_exists lost || fail "made after all"
assert_gone "$tokens/lost"

# Made, but the answer with the secret is lost: it fails, and errors names the id, to remove it by.
api_clear
fault POST "$T" close=after
assert_fails 'Input/output error' mkdir "$tokens/lost"
assert_eq 1 "$(api_count POST "$T")"
assert_contains "$(errors_last)" "$(token_id lost)"
assert_gone "$tokens/lost/token"
rmdir "$tokens/lost"
! token_exists lost || fail "not removed"

# Deleting is repeated; that it is gone already is success.
for when in before after; do
	mkdir "$tokens/doomed"
	rm "$tokens/doomed/token"
	fault DELETE "$T/*" close=$when
	rmdir "$tokens/doomed"
	! token_exists doomed || fail "still there"
done

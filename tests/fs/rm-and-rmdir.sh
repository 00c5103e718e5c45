#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# rm takes rights away, by one DELETE; rmdir removes what is empty, and says what is in what is not.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir -p "$tokens/ci"
mkdir -p "$tokens/ci" # twice is no error
id=$(token_id ci)
dir=$tokens/ci/databases/shop

# rm of one file leaves the other database, and the file comes back empty.
echo read_branch create_branch >>"$dir/permissions"
echo read_branch >>"$tokens/ci/databases/blog/permissions"
api_clear
rm "$dir/permissions"
assert_changes "DELETE $T/$id/access $(access_body shop create_branch read_branch)"
assert_eq '' "$(scopes_of ci shop)"
assert_eq read_branch "$(scopes_of ci blog)"
assert_eq '' "$(cat "$dir/permissions")"

# With nothing granted there is nothing to ask for.
api_clear
rm -f "$dir/permissions"
assert_changes

# rmdir of a database that the token can touch; what somebody else granted a moment ago counts.
grant ci shop connect_branch
api_clear
assert_fails 'Directory not empty' rmdir "$dir"
assert_contains "$(errors_last)" 'permissions on database shop' 'rm -r'
assert_fails 'Directory not empty' rmdir "$tokens/ci/databases"
assert_contains "$(errors_last)" 'permissions on database' 'rm -r'
assert_changes

# rm -r of it: its rights go, the database stays.
echo create_branch >>"$dir/permissions"
api_clear
rm -r "$dir"
assert_changes "DELETE $T/$id/access $(access_body shop connect_branch create_branch)"
assert_eq blog "$(ls "$tokens/ci/databases")"
[[ -d $org/databases/shop ]] || fail "the database is gone"
rmdir "$dir"
[[ -d $org/databases/shop ]] || fail "the database is gone"

# What somebody else granted meanwhile goes as well: "all of it" is read afresh.
cat "$dir/permissions" >/dev/null
grant ci shop delete_branch
echo read_branch >>"$dir/permissions"
rm "$dir/permissions"
assert_eq '' "$(scopes_of ci shop)"

# rmdir of the token: what is in it is said.
add_token other
echo read_organization >>"$tokens/ci/permissions"
api_clear
assert_fails 'Directory not empty' rmdir "$tokens/ci"
assert_contains "$(errors_last)" 'database blog' 'the organization' 'a secret that only this mount keeps' 'rm -r deletes the token'
assert_lacks "$(errors_last)" shop
rm "$tokens/ci/permissions" "$tokens/ci/databases/blog/permissions"
assert_fails 'Directory not empty' rmdir "$tokens/ci"
assert_contains "$(errors_last)" 'the token has a secret that'
rm "$tokens/ci/token"
grant ci blog delete_branch # a moment ago
assert_fails 'Directory not empty' rmdir "$tokens/ci"
assert_contains "$(errors_last)" 'the token has permissions on database blog;'
revoke ci blog delete_branch
assert_fails 'Directory not empty' rmdir "$tokens/ci" # or is this answer the one that lags?
assert_contains "$(errors_last)" 'had permissions until a moment ago'
removed() {
	api_clear
	rmdir "$tokens/ci" 2>/dev/null
}
wait_for removed
assert_requests "GET $T/$id" "DELETE $T/$id"
! token_exists ci || fail "still there"
refresh
assert_eq other "$(ls "$tokens")"

# One that somebody else deleted meanwhile: it is gone, and that is said.
add_token ci
refresh
ls "$tokens" >/dev/null
delete_token ci
assert_fails 'No such file or directory' rmdir "$tokens/ci"
assert_gone "$tokens/ci"
assert_fails 'No such file or directory' rmdir "$tokens/nosuch"

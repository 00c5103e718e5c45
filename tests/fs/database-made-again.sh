#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A database was deleted or renamed elsewhere, and another one has its name: a command on that name does to
# this one what it reports, or fails, while the mount still knows the old one.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
databases=(empty removed exact edit named directory both renamed)
for database in "${databases[@]}"; do api_data "$(json op=add-database "name=$database")"; done
grant ci removed read_branch
grant ci renamed read_branch
start_mount -o rate=0,cache=30

# look: the mount knows all, and nothing of it is so young that an answer which differs might lag.
look() {
	refresh
	grep -r . "$tokens/ci/databases" "$org/databases" >"$work/known"
	stat "$tokens/ci/databases/"*/permissions >"$work/known"
}

# again NAME: the database is deleted, and another one is made, on which somebody grants delete_branch.
again() {
	file=$tokens/ci/databases/$1/permissions
	stat "$file" >"$work/known"
	api_data "$(json op=delete-database "name=$1")"
	api_data "$(json op=add-database "name=$1")"
	grant ci "$1" delete_branch
}

look
again empty
empty "$file"
sync "$file"
assert_eq '' "$(scopes_of ci empty)" 'emptied'

look
again removed
rm "$file"
assert_eq '' "$(scopes_of ci removed)" 'rm'

look
again exact
echo read_branch >"$file"
sync "$file"
assert_eq read_branch "$(scopes_of ci exact)" 'echo >'
assert_eq read_branch "$(cat "$file")"

look
again edit
echo read_branch >>"$file"
assert_eq 'delete_branch read_branch' "$(scopes_of ci edit)" 'echo >>'
assert_eq $'delete_branch\nread_branch' "$(cat "$file")"

look
again named
echo -delete_branch >>"$file"
assert_eq '' "$(scopes_of ci named)" 'by name'
assert_eq '' "$(cat "$file")"

look
again directory
rm -r "${file%/*}"
assert_eq '' "$(scopes_of ci directory)" 'rm -r'

# The file was opened before.
look
exec 3>"$tokens/ci/databases/both/permissions"
again both
echo read_branch >&3
exec 3>&-
sync "$file"
assert_eq read_branch "$(scopes_of ci both)" 'open before'

# The old one is there under another name. Which of the two was meant is not known, so nothing is taken from either.
look
file=$tokens/ci/databases/renamed/permissions
stat "$file" >"$work/known"
api_data '[{"op": "update-database", "name": "renamed", "new_name": "old"}, {"op": "add-database", "name": "renamed"}]'
grant ci renamed delete_branch
assert_fails 'Stale file handle' overwrite "$file" create_branch
assert_contains "$(errors_last)" 'renamed is another database now'
assert_eq read_branch "$(scopes_of ci old)" 'its old name'
assert_eq 'create_branch delete_branch' "$(scopes_of ci renamed)" 'its name'
overwrite "$file" create_branch # the name leads to the other one now
sync "$file"
assert_eq create_branch "$(scopes_of ci renamed)" 'again'
assert_eq read_branch "$(scopes_of ci old)" 'its old name'

# Renamed, and nothing else has the name: the command that fails makes the mount look again.
look
file=$tokens/ci/databases/old/permissions
stat "$file" >"$work/known"
api_data '{"op": "update-database", "name": "old", "new_name": "older"}'
assert_fails 'Permission denied' append "$file" create_branch
assert_contains " $(echo "$org"/databases/*/) " /older/
assert_lacks " $(echo "$org"/databases/*/) " /old/
echo create_branch >>"$tokens/ci/databases/older/permissions"
assert_eq 'create_branch read_branch' "$(scopes_of ci older)" 'its new name'

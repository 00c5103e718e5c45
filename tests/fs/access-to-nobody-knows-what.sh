#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Accesses that do not say whether they are to a database or to the organization are not left out: another
# answer that does is asked for, and if there is none, what would show less than is granted fails.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
grant ci '' read_databases
api_switch omit_type on
api_switch access_keys old
start_mount
file=$tokens/ci/databases/shop/permissions
assert_eq read_branch "$(cat "$file")"
assert_eq read_databases "$(cat "$tokens/ci/permissions")"
assert_eq $'ci\tread_branch' "$(cat "$org/databases/shop/access")"

# The answer to a grant confirms nothing then, and a fresh read does.
echo delete_branch >>"$file"
assert_eq 'delete_branch read_branch' "$(scopes_of ci shop)"
assert_eq $'delete_branch\nread_branch' "$(cat "$file")"
echo read_branch >"$file"
assert_eq read_branch "$(scopes_of ci shop)"

# Nothing says it any more: no list is shown, nothing is taken away by one, and the reason is told.
api_switch grant_type absent
refresh
for command in "cat $file" "cat $tokens/ci/permissions" "ls $tokens/ci/databases" "cat $org/databases/shop/access" \
	"overwrite $file read_branch"; do
	# shellcheck disable=SC2086 # words
	assert_fails 'Remote I/O error' $command
	assert_contains "$(errors_last)" 'data[0].resource_type: a string expected'
done
assert_eq 'read_branch read_databases' "$(scopes_of ci shop) $(scopes_of ci)"

# It heals by itself, and meanwhile the rest works.
mkdir "$tokens/new"
[[ $(cat "$tokens/new/token") == pscale_tkn_* ]] || fail "no secret"
api_switch grant_type present
refresh
assert_eq read_branch "$(cat "$file")"

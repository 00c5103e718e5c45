#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Replacing the text grants as lines arrive and revokes the rest when the writer closes; no scope
# that stays is lost in between.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch connect_branch
start_mount
id=$(token_id ci)
file=$tokens/ci/databases/shop/permissions
ls "$tokens" "$org/databases" >/dev/null

# Three of four steps of `>`: what is new is granted, what is left out revoked, what stays is not touched.
api_clear
printf '%s\n' read_branch create_branch >"$file"
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
assert_changes "POST $T/$id/access $(access_body shop create_branch)" \
	"DELETE $T/$id/access $(access_body shop connect_branch)"
assert_eq $'create_branch\nread_branch' "$(cat "$file")"

# bash writes line by line; the first line alone must not take away the second.
[[ $(api_events | jq -r '.[] | select(.removed | length > 0) | .removed[]') == connect_branch ]] ||
	fail "something else was taken away"

# The same text again, in another order and shape: nothing is changed.
api_clear
echo '  read_branch,create_branch # as before' >"$file"
sort -r "$file" | tee "$file" >/dev/null
cp "$file" "$work/copy"
cp "$work/copy" "$file"
assert_changes
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"

# Lines with + or - are edits, whatever the redirection: nothing is left out.
echo +connect_branch >"$file"
assert_eq 'connect_branch create_branch read_branch' "$(scopes_of ci shop)"
echo '-create_branch' >"$file"
assert_eq 'connect_branch read_branch' "$(scopes_of ci shop)"

# An unterminated last line counts at close.
printf read_branch >"$file"
assert_eq read_branch "$(scopes_of ci shop)"

# What somebody else granted meanwhile is left out as well: the rest is computed from a fresh answer.
cat "$file" >/dev/null
grant ci shop delete_branch
echo read_branch >"$file"
assert_eq read_branch "$(scopes_of ci shop)"

# Emptying revokes all, at close or at once.
: >"$file"
sync "$file"
assert_eq '' "$(scopes_of ci shop)"
echo read_branch >"$file"
truncate -s 0 "$file"
assert_eq '' "$(scopes_of ci shop)"
echo read_branch >"$file"
cp /dev/null "$file"
sync "$file"
assert_eq '' "$(scopes_of ci shop)"

# One refused line grants nothing of that line and takes nothing away.
echo read_branch >"$file"
assert_fails 'Invalid argument' overwrite "$file" 'create_branch no_such_scope'
sync "$file" 2>/dev/null || true
assert_contains "$(scopes_of ci shop)" read_branch

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two replicas answer in turn, one of which lags: nothing that was confirmed comes and goes.
. "$(dirname "$0")/lib.sh"
start_emulator
add_token ci
grant ci shop create_branch read_branch
start_mount -o cache=0
F=$tokens/ci/databases/shop/permissions
api_switch read_lag_ms 1500
api_switch replicas 2

echo delete_branch >>"$F"
echo -create_branch >>"$F"
mkdir "$tokens/new"
for _ in 1 2 3 4; do
	assert_eq $'delete_branch\nread_branch' "$(cat "$F")"
	assert_eq $'ci\nnew' "$(ls "$tokens")"
done
rm "$F"
assert_eq '' "$(scopes_of ci shop)"
for _ in 1 2 3 4; do
	assert_eq '' "$(cat "$F")"
done

# Exactly this, whichever answers.
printf '%s\n' read_branch write_database >"$F"
sync "$F"
assert_eq 'read_branch write_database' "$(scopes_of ci shop)"
echo read_branch >"$F"
sync "$F"
assert_eq read_branch "$(scopes_of ci shop)"

# A POST of which only a part is done is no success.
api_switch access_applies first
assert_fails 'Remote I/O error' append "$F" 'create_branch delete_branch'
assert_contains "$(errors_last)" 'delete_branch is not granted'
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"

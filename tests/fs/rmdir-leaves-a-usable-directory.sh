#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A database's directory that was removed while somebody was in it resolves again, and can be written.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
start_mount
directory=$tokens/ci/databases/shop

# is_in DIRECTORY PID
is_in() { [[ $(readlink "/proc/$2/cwd") == "$1" ]]; }

(cd "$directory" && exec sleep 60) &
wait_for is_in "$directory" "$!"
rm -r "$directory"
assert_eq '' "$(scopes_of ci shop)"
assert_eq '' "$(cat "$directory/permissions")"
echo create_branch >"$directory/permissions"
assert_eq create_branch "$(scopes_of ci shop)"
echo -create_branch >"$directory/permissions"

(cd "$tokens/ci/databases" && exec sleep 60) &
wait_for is_in "$tokens/ci/databases" "$!"
# What rm -r has removed of a token that is there still.
rmdir "$tokens/ci/databases"
echo read_branch >"$directory/permissions"
assert_eq read_branch "$(scopes_of ci shop)"

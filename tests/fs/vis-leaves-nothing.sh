#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The editor vis copies the access control list before it renames: it saves, and leaves no file behind.
# shellcheck disable=SC2016 # vis's
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
start_mount
directory=$tokens/ci/databases/shop
mkdir "$work/screen"
cd "$directory"
"$root/tests/fs/tools/screen" "$work/screen" 'vis permissions' '?read_branch' '=:$ a/read_database\n/' Enter '?read_database' '=:wq' Enter >"$work/seen" ||
	fail "$(cat "$work/seen")"
cd "$work"
assert_eq 'read_branch read_database' "$(scopes_of ci shop)"
assert_eq permissions "$(ls -A "$directory")"

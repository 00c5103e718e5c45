#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A right that was granted for all databases cannot be taken away for one: the command that tries
# fails, and errors says so. rm -r of the token deletes it nevertheless.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
api_data "$(json op=grant token=ci bulk=true 'access=["read_branch"]')"
start_mount
allow_error .
file=$tokens/ci/databases/shop/permissions
assert_eq read_branch "$(cat "$file")"
assert_fails 'Remote I/O error' append "$file" -read_branch
assert_contains "$(errors_last)" read_branch EREMOTEIO
assert_fails 'Remote I/O error' rm "$file"
assert_fails 'Remote I/O error' rm -r "$tokens/ci/databases/shop"
assert_fails 'Remote I/O error' rm -r "$tokens/ci/databases"
assert_fails 'Directory not empty' rmdir "$tokens/ci/databases/shop"
assert_fails 'Directory not empty' rmdir "$tokens/ci"
assert_eq read_branch "$(cat "$file")"
rm -r "$tokens/ci"
! token_exists ci || fail "rm -r left it"

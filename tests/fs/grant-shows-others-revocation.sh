#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What somebody else revoked is not shown together with what was granted since, for that was never true.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch connect_branch
start_mount
file=$tokens/ci/databases/shop/permissions
assert_eq $'connect_branch\nread_branch' "$(cat "$file")"
revoke ci shop connect_branch
echo create_branch >>"$file"
assert_eq $'create_branch\nread_branch' "$(cat "$file")"

#!/usr/bin/env bash
#
# truncate revokes what is granted, also where a cached answer says that nothing is.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
file=$tokens/ci/databases/shop/permissions
assert_eq '' "$(cat "$file")"
grant ci shop read_branch
truncate -s 0 "$file"
assert_eq '' "$(scopes_of ci shop)"

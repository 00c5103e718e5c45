#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# truncate(2) revokes what is granted, also where a cached answer says that nothing is.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
file=$tokens/ci/databases/shop/permissions
assert_eq '' "$(cat "$file")"
grant ci shop read_branch
perl -e 'truncate($ARGV[0], 0) or die "$!\n"' "$file" # the command opens the file first
assert_eq '' "$(scopes_of ci shop)"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Who reads the directory of a token need not look its names up one by one; and nothing is asked of PlanetScale
# for that.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/asked.bash"

start_emulator
api_switch list_accesses absent
add_token ci
add_token web
grant ci shop read_branch
start_mount -d -o cache=600
stat "$tokens/ci" "$tokens/web" >/dev/null
ls "$org/databases" >/dev/null
api_clear

# Names alone: what the token may do is not asked for.
assert_eq $'opendir\nreaddir' "$(asked_by ls "$tokens/ci")"
assert_eq '' "$(requests)"
# What lookups would have said is known now, but for the sizes that may need a request.
assert_eq '' "$(asked_by stat "$tokens/ci/id" "$tokens/ci/created_at" "$tokens/ci/databases")"
assert_eq getattr "$(asked_by stat "$tokens/ci/permissions")"
assert_eq 1 "$(api_count GET '*')"
assert_eq $'opendir\nreaddir' "$(asked_by ls -R "$tokens/ci/databases")"
assert_eq getattr "$(asked_by stat "$tokens/ci/databases/shop/permissions")"

# A token that nobody has looked into: one read of the directory, and the attributes of two files.
assert_eq $'getattr\nopendir\nreaddir' "$(asked_by ls -l "$tokens/web")"

# What changes afterwards is seen as after a lookup.
rm "$tokens/ci/databases/shop/permissions"
assert_eq '' "$(cat "$tokens/ci/databases/shop/permissions")"
ls "$tokens/ci/databases" >/dev/null
delete_token web
touch "$tokens"
[[ ! -e $tokens/web/id ]] || fail 'a deleted token is there'

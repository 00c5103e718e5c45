#!/usr/bin/env bash
#
# cp -r of a token's databases gives another token the same rights, and says so if it could not.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
add_token new
grant ci shop create_branch read_branch
grant ci blog read_branch
start_mount

cp -r "$tokens/ci/databases" "$tokens/new/"
assert_eq 'create_branch read_branch' "$(scopes_of new shop)"
assert_eq read_branch "$(scopes_of new blog)"
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"

# Again, over what is there; and to a token that is made for it.
revoke new shop read_branch
grant new shop delete_branch
refresh
cp -r "$tokens/ci/databases" "$tokens/new/"
assert_eq 'create_branch read_branch' "$(scopes_of new shop)"
mkdir "$tokens/third"
cp -r "$tokens/ci/databases" "$tokens/third/"
assert_eq 'create_branch read_branch' "$(scopes_of third shop)"

add_token fourth
refresh
fault POST "$T/$(token_id fourth)/access" status=500 count=0
assert_fails 'Remote I/O error' cp -r "$tokens/ci/databases" "$tokens/fourth/"
assert_eq '' "$(scopes_of fourth shop)"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A caller that the daemon cannot see, as from outside of its pid namespace, can read; what depends on
# seeing it is refused: writing permissions and create-token, and removals.
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
add_token idle
wrapper=(unshare --pid --fork --kill-child)
start_mount
directory=$tokens/ci/databases/shop
file=$directory/permissions

assert_eq $'ci\nidle' "$(ls "$tokens")"
assert_eq read_branch "$(cat "$file")"
assert_eq $'ci\tread_branch' "$(cat "$org/databases/shop/access")"
echo create_branch >"$directory/permissions~"
api_clear

refused() {
	assert_fails 'Operation not permitted' "$@"
	assert_contains "$(errors_last)" EPERM 'cannot be seen' 'may only read'
}
rename_onto() { mv "$directory/permissions~" "$file"; }
truncate_path() { perl -e 'truncate($ARGV[0], 0) or die "$!\n"' "$file"; }
create_anew() { perl -e 'use Fcntl; sysopen(my $f, $ARGV[0], O_WRONLY | O_CREAT) or die "$!\n"' "$file"; }

refused overwrite "$file" create_branch
refused append "$file" create_branch
refused empty "$file"
refused create_anew
refused truncate_path
refused rename_onto
refused overwrite "$org/create-token" new
refused rm "$file"
refused rm "$directory/permissions~"
refused rm -r "$directory"
refused rm "$tokens/ci/id"
refused rm -r "$tokens/ci"
refused rmdir "$tokens/idle"
refused rmdir "$tokens/ci/databases/blog"
assert_changes
assert_eq read_branch "$(scopes_of ci shop)"

# What asks for nothing to be seen works.
mkdir "$tokens/new"
[[ -s $tokens/new/token ]] || fail "no secret"
touch "$tokens"
refresh
assert_eq $'ci\nidle\nnew' "$(ls "$tokens")"

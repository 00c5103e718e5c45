#!/usr/bin/env bash
#
# rm takes rights away, rmdir takes a database's rights or the token away; each is one DELETE.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir -p "$tokens/ci"
mkdir -p "$tokens/ci" # twice is no error
id=$(token_id ci)
dir=$tokens/ci/databases/shop

# rm of one file leaves the other database, and the file comes back empty.
echo read_branch create_branch >>"$dir/permissions"
echo read_branch >>"$tokens/ci/databases/blog/permissions"
api_clear
rm "$dir/permissions"
assert_changes "DELETE $T/$id/access $(access_body shop create_branch read_branch)"
assert_eq '' "$(scopes_of ci shop)"
assert_eq read_branch "$(scopes_of ci blog)"
assert_eq '' "$(cat "$dir/permissions")"

# With nothing granted there is nothing to ask for.
api_clear
rm -f "$dir/permissions"
assert_changes

# rmdir of a database that the token can touch: its rights go, the database stays.
echo read_branch create_branch >>"$dir/permissions"
api_clear
rmdir "$dir"
assert_changes "DELETE $T/$id/access $(access_body shop create_branch read_branch)"
assert_eq blog "$(ls "$tokens/ci/databases")"
[[ -d $org/databases/shop ]] || fail "the database is gone"

# What somebody else granted meanwhile goes as well: "all of it" is read afresh.
cat "$dir/permissions" >/dev/null
grant ci shop delete_branch
echo read_branch >>"$dir/permissions"
rm "$dir/permissions"
assert_eq '' "$(scopes_of ci shop)"

# rmdir of the token, whatever it may do.
api_clear
rmdir "$tokens/ci"
assert_changes "DELETE $T/$id"
! token_exists ci || fail "still there"

# One that somebody else deleted meanwhile: it is gone, and that is said.
mkdir "$tokens/ci"
delete_token ci
assert_fails 'No such file or directory' rmdir "$tokens/ci"
assert_gone "$tokens/ci"
assert_fails 'No such file or directory' rmdir "$tokens/nosuch"

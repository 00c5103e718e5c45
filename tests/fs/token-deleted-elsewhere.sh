#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A token that somebody else deletes: its paths are gone, files of it that are open say "Identifier removed",
# a new one of its name is another one; and a credential that was deleted is told as that.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
start_mount
allow_error .
file=$tokens/ci/databases/shop/permissions
api_switch list_accesses absent
refresh

# Open for reading and for writing, then deleted.
assert_eq read_branch "$(cat "$file")"
exec 3<"$file"
exec 4>>"$file"
delete_token ci
refresh
assert_fails 'Identifier removed' cat <&3
assert_contains "$(errors_last)" EIDRM 'deleted in the meantime'
write_open() { echo create_branch >&4; }
assert_fails 'Identifier removed' write_open
exec 3<&- 4>&-

# Its paths, once that is known.
refresh
assert_gone "$file" "$tokens/ci" "$tokens/ci/token"
assert_fails 'No such file or directory' append "$file" create_branch
assert_fails 'No such file or directory' rmdir "$tokens/ci"
assert_eq '' "$(ls "$tokens")"

# Deleted while its rights are being read, and while they are changed, with all of it still in the cache.
for verb in read grant revoke rmdir; do
	add_token ci
	grant ci shop read_branch
	refresh
	ls "$tokens" "$org/databases" >/dev/null
	[[ $verb == read ]] || cat "$file" >/dev/null
	id=$(token_id ci)
	delete_token ci
	case $verb in
	read) run cat "$file" ;;
	grant) run append "$file" create_branch ;;
	revoke) run append "$file" -read_branch ;;
	rmdir) run rmdir "$tokens/ci" ;;
	esac
	[[ $status -ne 0 ]] || fail "$verb succeeded on nothing"
	[[ $message =~ (No such file or directory|Identifier removed)$ ]] || fail "$verb: $message"
	assert_gone "$tokens/ci" "$org/by-id/$id"
done

# Deleted, and made again under the same name: another token, so who uses the name fails first, however long
# after that; and then it means the new one. A list alone shows it, and changes nothing of that.
add_token ci
grant ci shop delete_branch
refresh
for verb in 'rm -r' rmdir append cat; do
	old=$(cat "$tokens/ci/id")
	delete_token ci
	add_token ci
	grant ci shop delete_branch
	refresh
	sleep 1.2
	assert_eq ci "$(ls "$tokens")"
	before=$(holdings)
	case $verb in
	append) assert_fails 'No such file or directory' append "$file" read_branch ;;
	cat) assert_fails 'No such file or directory' cat "$tokens/ci/id" ;;
	*) # shellcheck disable=SC2086 # words
		assert_fails 'No such file or directory' $verb "$tokens/ci" ;;
	esac
	assert_contains "$(errors_last)" ENOENT 'another one has the name' "$(token_id ci)"
	assert_eq "$before" "$(holdings)" "$verb"
	wait_for test -d "$tokens/ci"
	[[ $(cat "$tokens/ci/id") != "$old" ]] || fail "the old token's id"
	assert_eq delete_branch "$(cat "$file")"
done

# Made here, the name means it at once.
rm -r "$tokens/ci"
mkdir "$tokens/ci"
assert_eq ci "$(cat "$tokens/ci/name")"

# The credential itself is deleted: PlanetScale says 404 to a deleted service token below an organization.
api_data "$(json op=delete-token id="$admin_id")"
refresh
assert_fails 'Key was rejected by service' ls "$tokens"
assert_contains "$(errors_last)" EKEYREJECTED 'HTTP 401'
assert_fails 'Key was rejected by service' append "$file" create_branch
assert_fails 'Key was rejected by service' mkdir "$tokens/new"

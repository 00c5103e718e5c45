#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Nothing but tokens and their rights can be made, moved or removed, and trying asks PlanetScale for nothing.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir "$tokens/ci"
echo read_branch >>"$tokens/ci/databases/shop/permissions"
id=$(token_id ci)
before=$(holdings)
api_clear

refused() { assert_fails 'Operation not permitted' "$@"; }

refused mkdir "$mnt/other"
refused mkdir "$org/new"
refused mkdir "$org/databases/new"
refused mkdir "$tokens/ci/new"
refused mkdir "$tokens/ci/databases/new"
refused mkdir "$mnt/.pscalefs/new"
refused rmdir "$org"
refused rmdir "$org/databases" "$org/databases/shop" "$org/databases/shop/service-tokens"
refused rmdir "$tokens"
refused rmdir "$org/by-id"
assert_fails 'Directory not empty' rmdir "$tokens/ci/databases"
refused rmdir "$mnt/.pscalefs"
refused rm "$org/by-id/$id"
refused rm "$org/databases/shop/service-tokens/ci"
refused rm -f "$org/info.json"
refused rm -f "$org/create-token"
refused rm -f "$org/databases/shop/access"
refused rm -f "$mnt/.pscalefs/errors"
refused mv "$tokens/ci" "$tokens/ci2"
refused mv "$org/databases/shop" "$org/databases/store"
refused mv "$org" "$mnt/other"
refused mv "$tokens/ci/name" "$tokens/ci/id"
refused ln "$tokens/ci/permissions" "$tokens/ci/permissions~"
refused ln -s /etc "$org/link"
refused mknod "$org/pipe" p
refused overwrite "$org/new" x
refused overwrite "$tokens/new" x
refused overwrite "$tokens/ci/permisions" read_branch
refused overwrite "$tokens/ci/databases/shop/permisions" read_branch
refused touch "$mnt/new"
assert_fails 'File exists' mkdir "$tokens/ci/databases/shop"

# Files that say what is so are not for writing, for root either.
for path in "$tokens/ci/id" "$tokens/ci/name" "$tokens/ci/expires_at" "$org/info.json" "$mnt/.pscalefs/status"; do
	run overwrite "$path" x
	[[ $status -ne 0 ]] || fail "$path was written"
	assert_contains "$message" ermi # Permission denied, or Operation not permitted
done

assert_changes
assert_eq "$before" "$(holdings)"

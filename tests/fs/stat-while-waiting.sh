#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# While 500 readers wait for one answer, everything else goes on: a stat and a read elsewhere return.
. "$(dirname "$0")/lib.sh"

start_emulator
api_switch list_accesses absent
add_token slow
add_token other
grant slow shop read_branch
grant other shop create_branch
start_mount
id=$(token_id slow)
ls "$tokens" "$org/databases" >/dev/null
cat "$tokens/other/databases/shop/permissions" >/dev/null
api_clear

hold GET "$T/$id"
readers=()
for i in {1..500}; do
	cat "$tokens/slow/databases/shop/permissions" >"$work/out.$i" &
	readers+=($!)
done
for reader in "${readers[@]}"; do wait_for blocked_in cat "$reader"; done

# None of them has its answer, and all of this returns all the same.
stat "$tokens/other" "$mnt" "$org/info.json" >/dev/null
assert_eq create_branch "$(cat "$tokens/other/databases/shop/permissions")"
assert_eq $'other\nslow' "$(ls "$tokens")"
cat "$mnt/.pscalefs/status" >/dev/null
for reader in "${readers[@]}"; do
	blocked_in cat "$reader" || fail "a reader did not wait"
done
assert_requests "GET $T/$id"

api_release
for reader in "${readers[@]}"; do wait "$reader"; done
assert_eq read_branch "$(cat "$work"/out.* | sort -u)"
assert_requests "GET $T/$id"

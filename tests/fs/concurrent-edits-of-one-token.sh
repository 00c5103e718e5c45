#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Ten who grant to one token at once all get what they asked for, and nothing else happens.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
id=$(token_id ci)
file=$tokens/ci/databases/shop/permissions
scopes=(create_branch read_branch delete_branch connect_branch read_database write_database
	create_comment read_comment read_backups write_backups)
ls "$tokens" "$org/databases" >/dev/null
api_clear
writers=()
for scope in "${scopes[@]}"; do
	append "$file" "$scope" &
	writers+=($!)
done
for writer in "${writers[@]}"; do wait "$writer"; done
sorted=$(printf '%s\n' "${scopes[@]}" | sort)
assert_eq "$sorted" "$(cat "$file")"
assert_eq "$(paste -sd ' ' <<<"$sorted")" "$(scopes_of ci shop)"
assert_eq 10 "$(api_count POST "$T/$id/access")"

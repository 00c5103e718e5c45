#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Where the answer to a grant tells but a part of it, nobody sees that part as the whole.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
api_switch access_post_answer truncated-page
api_switch access_page_size 1
file=$tokens/ci/databases/shop/permissions
access=$org/databases/shop/access
assert_eq '' "$(cat "$file" "$access")"

echo create_branch read_branch >"$work/text"
hold GET '*/service-tokens/*'
start_blocked dd if="$work/text" of="$file" conv=notrunc oflag=append # confirmed by a fresh read only
wait_for requested GET '*/service-tokens/*'
writer=$reader
start_blocked cat "$access"
api_release
status_of "$writer"
assert_eq 0 "$status"
status_of "$reader"
assert_eq $'ci\tcreate_branch read_branch' "$(cat "$work/reader.out")"

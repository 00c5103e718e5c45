#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# -o rate: no more requests in a minute than allowed, and a person who waits goes before what is read ahead.
. "$(dirname "$0")/lib.sh"

start_emulator
api_switch list_accesses absent
add_tokens token- 40
start_mount -o rate=240,timeout=5
ls "$tokens" "$org/databases" >/dev/null
api_clear
begin=$SECONDS

# To say who may touch a database takes 40 requests, of which fewer may go at once. What somebody else asks
# meanwhile is answered before the last of them was sent.
start_reader cat "$org/databases/shop/access"
wait_for requested GET "$T/*"
assert_eq '' "$(cat "$tokens/token-1/permissions")"
count=$(api_count GET "$T/*")
[[ $count -lt 40 ]] || fail "answered after all that was read ahead: $count"
status_of "$reader"
assert_eq 0 "$status" "$(cat "$work/reader.err")"

# A sixth of them at once, the others as the minute goes by.
allowed=$((40 + 200 * (SECONDS - begin + 1) / 60))
sent=$(api_log | jq length)
[[ $sent -ge 40 && $sent -le $allowed ]] || fail "$sent requests in $((SECONDS - begin)) s, of 240 a minute"
assert_contains "$(cat "$mnt/.pscalefs/status")" 'of 240 a minute'

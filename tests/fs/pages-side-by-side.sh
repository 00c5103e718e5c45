#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The later pages of a list are under way together, none is asked for twice, and the list is complete.
. "$(dirname "$0")/lib.sh"

start_emulator
add_tokens token- 130
api_switch per_page_max 10
start_mount
api_clear
fault GET "$T" query='*page=1[0-3]&*' silence=true apply=true count=4
start_blocked ls "$tokens"
asked() { [[ $(api_count GET "$T") -eq 13 ]]; }
wait_for asked
api_release
status_of "$reader"
assert_eq 0 "$status" "$(cat "$work/reader.err")"
assert_eq 130 "$(wc -l <"$work/reader.out")"
assert_eq 13 "$(api_log | jq '[.[] | .query // .path] | unique | length')"

# Where nothing says how many there are, one page names the next.
api_switch drop_totals on
refresh
api_clear
fault GET "$T" query='*page=2&*' silence=true apply=true
start_blocked ls "$tokens"
second_asked() { [[ $(api_count GET "$T") -eq 2 ]]; }
wait_for second_asked
api_release
status_of "$reader"
assert_eq 130 "$(wc -l <"$work/reader.out")"
assert_eq 13 "$(api_count GET "$T")"

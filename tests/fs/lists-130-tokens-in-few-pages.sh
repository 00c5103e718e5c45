#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# All 130 tokens are listed, from as few pages as PlanetScale's largest page size allows.
. "$(dirname "$0")/lib.sh"

start_emulator
add_tokens token- 130
expected=$(printf 'token-%s\n' {1..130} | sort)

start_mount
api_clear
assert_eq "$expected" "$(ls "$tokens")"
assert_requests "GET $T" "GET $T"

# A server with smaller pages than were asked for: what it calls the next page is believed.
api_switch per_page_max 50
refresh
api_clear
assert_eq "$expected" "$(ls "$tokens")"
assert_eq 3 "$(api_count GET "$T")"

# And by id there are as many.
assert_eq 130 "$(ls "$org/by-id" | wc -l)"

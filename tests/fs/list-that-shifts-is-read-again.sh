#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A token that is deleted between two pages moves the others up, and one of them would be in neither page: the
# list is read again. If PlanetScale counts more than it lists, that is no reason to fail.
. "$(dirname "$0")/lib.sh"

start_emulator
add_tokens token- 120
start_mount
api_clear
fault GET "$T" query='*page=2*' data='{"op":"delete-token","id":"token-119"}'
assert_eq 119 "$(ls "$tokens" | wc -l)"
assert_gone "$tokens/token-119"
assert_eq 4 "$(api_count GET "$T")"

# Each time anew: an error, and not a list that lacks something.
refresh
for token in 118 117 116 115 114 113; do
	fault GET "$T" query='*page=2*' data="{\"op\":\"delete-token\",\"id\":\"token-$token\"}"
done
assert_fails 'Resource temporarily unavailable' ls "$tokens"
assert_eq '' "$output"
assert_eq 113 "$(ls "$tokens" | wc -l)"

# Twice the same, though less than the total says.
page() {
	fault GET "$T" query="*page=$1&*" count=2 "body={\"data\":[{\"id\":\"$(token_id "$2")\",\"name\":\"$2\"}],
		\"next_page\":$3,\"total_count\":500}"
}
page 1 token-1 2
page 2 token-2 null
refresh
before=$(api_count GET "$T")
assert_eq $'token-1\ntoken-2' "$(ls "$tokens")"
assert_eq 4 "$(($(api_count GET "$T") - before))"

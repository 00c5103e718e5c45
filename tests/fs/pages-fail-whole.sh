#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A list is complete or it fails: when a later page fails, no part of the list is shown.
. "$(dirname "$0")/lib.sh"

start_emulator
add_tokens token- 120
start_mount -o timeout=2
allow_error .

for trouble in 'status=500' 'body={"data":[{"id":1}]}' 'body={"data":' 'truncate=300'; do
	refresh
	fault GET "$T" query='*page=2*' "$trouble" count=0
	assert_fails 'Remote I/O error' ls "$tokens"
	assert_eq '' "$output" "$trouble"
	assert_fails 'Remote I/O error' stat "$tokens/token-1"
	assert_fails 'Remote I/O error' ls "$org/by-id"
	api_release
	refresh
	assert_eq 120 "$(ls "$tokens" | wc -l)" "$trouble"
done

# Once is a hiccup where that may pass: 503 is asked again.
refresh
fault GET "$T" query='*page=2*' status=503
assert_eq 120 "$(ls "$tokens" | wc -l)"

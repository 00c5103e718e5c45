#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A signal that ends the caller frees it at once, though the answer never comes; a signal that does
# not, disturbs nothing.
. "$(dirname "$0")/lib.sh"

start_emulator
api_switch list_accesses absent
add_token ci
grant ci shop read_branch
start_mount
id=$(token_id ci)
file=$tokens/ci/databases/shop/permissions
ls "$tokens" "$org/databases" >/dev/null

for signal in INT TERM QUIT HUP KILL; do
	refresh
	ls "$tokens" "$org/databases" >/dev/null
	hold GET "$T/$id"
	start_blocked cat "$file"
	kill -"$signal" "$reader"
	wait_for process_ended "$reader"
	status_of "$reader"
	assert_eq $((128 + $(kill -l "$signal"))) "$status" "$signal"
	api_release
done

# One of two who wait for the same answer is ended; the other gets it.
refresh
ls "$tokens" "$org/databases" >/dev/null
hold GET "$T/$id"
start_blocked cat "$file"
first=$reader
cat "$file" >"$work/second" &
second=$!
wait_for blocked_in cat "$second"
kill -INT "$first"
wait_for process_ended "$first"
blocked_in cat "$second" || fail "the other does not wait any more"

# Stopped and continued, it still waits, and then reads as if nothing had been.
kill -TSTP "$second"
kill -CONT "$second"
wait_for blocked_in cat "$second"
api_release
wait "$second"
assert_eq read_branch "$(cat "$work/second")"

# The same for commands that change: before anything was sent, nothing is.
api_clear
hold GET "$T"
start_blocked mkdir "$tokens/never"
kill -INT "$reader"
wait_for process_ended "$reader"
api_release
refresh
ls "$tokens" >/dev/null # joins the list that is under way: its answer has come when this returns
assert_changes
! token_exists never || fail "made all the same"

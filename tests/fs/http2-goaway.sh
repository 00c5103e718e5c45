#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A proxy that is reloaded says GOAWAY on each connection over HTTP/2: what is under way is answered, what comes
# next goes elsewhere, and nothing is lost, done twice or reported as failed.
#
# shellcheck disable=SC2016 # what a person types is expanded by the person's shell
. "$(dirname "$0")/lib.sh"

start_emulator
start_nghttpx --accesslog-file="$work/access.log"
start_mount -o "timeout=$((20 * slower))" --cacert "$ca"

# --- while nothing is under way: the next request takes another connection, and is sent once
mkdir "$tokens/idle"
grant idle shop read_branch
reload_nghttpx
wait_for process_ended "$old"
api_clear
touch "$tokens"
ls "$tokens" >"$work/list"
assert_eq idle "$(cat "$work/list")"
assert_requests "GET $T"

# --- while a list, a new token and a grant are under way
file=$tokens/idle/databases/shop/permissions
under_way() {
	local method=$1 path=$2
	shift 2
	api_clear
	hold "$method" "$path"
	start_reader "$@"
	wait_for requested "$method" "$path"
	reload_nghttpx
	! process_ended "$old" || fail "$*: the connection is not there any more"
	api_release
	status_of "$reader"
	assert_eq 0 "$status" "$*: $(cat "$work/reader.err")"
	assert_eq 1 "$(api_count "$method" "$path")" "$*"
	wait_for process_ended "$old"
}
touch "$tokens"
under_way GET "$T" ls "$tokens"
under_way POST "$T" mkdir "$tokens/made"
[[ -s $tokens/made/token ]] || fail "no secret"
token_exists made || fail "not made"
under_way POST "$T/*/access" bash -c 'echo create_branch >>"$1"' bash "$file"
assert_eq 'create_branch read_branch' "$(scopes_of idle shop)"
under_way DELETE "$T/*" rm -r "$tokens/made"
! token_exists made || fail "not deleted"

# --- while four work: each command succeeds, and is done once
api_clear
life() {
	local n name
	for n in {1..6}; do
		name=w$1-$n
		mkdir "$tokens/$name"
		[[ -s $tokens/$name/token ]] || fail "$name: no secret"
		printf '%s\n' create_branch read_branch >"$tokens/$name/databases/shop/permissions"
		echo -create_branch >>"$tokens/$name/databases/shop/permissions"
	done
}
: >"$work/complaints"
workers=()
for w in 1 2 3 4; do
	life "$w" 2>>"$work/complaints" &
	workers+=("$!")
done
at_work() {
	local w
	for w in "${workers[@]}"; do
		process_ended "$w" || return 0
	done
	return 1
}
reloads=0
while at_work; do
	reload_nghttpx
	reloads=$((reloads + 1))
	wait_for process_ended "$old"
done
for w in "${workers[@]}"; do
	status_of "$w"
	assert_eq 0 "$status" "$(cat "$work/complaints")"
done
[[ $reloads -ge 3 ]] || fail "reloaded $reloads times only"
assert_eq '' "$(cat "$work/complaints")"
for w in 1 2 3 4; do
	for n in {1..6}; do
		assert_eq read_branch "$(scopes_of "w$w-$n" shop)" "w$w-$n"
	done
done
assert_eq 24 "$(api_count POST "$T")" 'tokens made'
assert_eq '' "$(cat "$mnt/.pscalefs/errors")"
grep -q 'HTTP/2' "$work/access.log" || fail "not over HTTP/2"

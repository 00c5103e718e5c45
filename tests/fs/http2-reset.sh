#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A proxy whose server breaks off an answer resets the request's stream (RST_STREAM) and keeps the connection:
# what else is under way on it is answered, what may be repeated is, and what a command says is true.
. "$(dirname "$0")/lib.sh"

start_emulator
start_nghttpx --accesslog-file="$work/access.log"
add_token ci
start_mount -d -o "timeout=$((10 * slower)),rate=0" --cacert "$ca"
allow_error .
id=$(token_id ci)
file=$tokens/ci/databases/shop/permissions
ls "$tokens" "$org/databases" >/dev/null
cat "$file" >/dev/null

resets() { grep -c 'stream .*not closed cleanly' "$log" || true; }

# --- another stream of the same connection goes on, and is asked for once
api_clear
hold GET "$A/audit-log"
start_reader cat "$org/audit-log"
wait_for requested GET "$A/audit-log"
fault POST "$T/$id/access" truncate=5
append "$file" read_branch
assert_eq read_branch "$(scopes_of ci shop)"
[[ $(resets) -ge 1 ]] || fail "no stream was reset"
assert_eq 2 "$(api_count POST "$T/$id/access")"
api_release
status_of "$reader"
assert_eq 0 "$status" "$(cat "$work/reader.err")"
assert_eq 1 "$(api_count GET "$A/audit-log")"

# --- revoking and deleting are repeated, creating is not: the token is there, its secret is lost, and errors
# names its id
fault DELETE "$T/$id/access" truncate=0 status=200 apply=true body='{"cut": "off"}'
append "$file" -read_branch
assert_eq '' "$(scopes_of ci shop)"
api_clear
fault POST "$T" truncate=5
assert_fails 'Input/output error' mkdir "$tokens/lost"
assert_eq 1 "$(api_count POST "$T")"
assert_contains "$(errors_last)" "$(token_id lost)"
assert_gone "$tokens/lost/token"
rmdir "$tokens/lost"
! token_exists lost || fail "not removed"

# --- many at once, of which a third are reset: who succeeds has done it, who reads sees what is there
N=12
for w in {1..4}; do add_tokens "t$w-" $N; done
touch "$tokens"
ls "$tokens" >/dev/null
api_clear
for skip in 2 5 8 11 14 17 20; do
	for method in GET POST; do fault $method "$T/*" truncate=5 skip=$skip; done
	# An answer without a body cannot be cut off.
	fault DELETE "$T/*" truncate=0 status=200 apply=true body='{"cut": "off"}' skip=$skip
done
before=$(resets)
life() {
	local n scopes
	for ((n = 1; n <= N; n++)); do
		scopes=$tokens/t$1-$n/databases/shop/permissions
		cat "$scopes" >/dev/null || fail "cat t$1-$n"
		printf '%s\n' create_branch read_branch >"$scopes" || fail "replace t$1-$n"
		echo -create_branch >>"$scopes" || fail "revoke t$1-$n"
		[[ $(cat "$scopes") == read_branch ]] || fail "t$1-$n reads otherwise"
	done
}
workers=()
for w in {1..4}; do
	life "$w" 2>>"$work/complaints" &
	workers+=("$!")
done
for w in "${workers[@]}"; do
	status_of "$w"
	assert_eq 0 "$status" "$(cat "$work/complaints")"
done
for w in {1..4}; do
	for ((n = 1; n <= N; n++)); do assert_eq read_branch "$(scopes_of "t$w-$n" shop)" "t$w-$n"; done
done
# How many GETs there are depends on what came first.
[[ $(resets) -ge $((before + 14)) ]] || fail "only $(($(resets) - before)) streams were reset"
grep -q 'HTTP/2' "$work/access.log" || fail "not over HTTP/2"

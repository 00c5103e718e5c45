#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A credential that ends while mounted: the file it came from is read once more, and all goes on without a
# remount; where that does not help, it is said how it ended.
. "$(dirname "$0")/lib.sh"

start_emulator
allow_error .
file=$work/credentials

# credentials NAME: a service token made for this, in the file.
credentials() {
	local id
	add_token "$1"
	id=$(token_id "$1")
	grant "$1" '' read_organization read_databases read_service_tokens write_service_tokens delete_service_tokens
	(umask 077 && control GET '/state?secrets=1' | jq -r --arg id "$id" '.organizations[].tokens[] |
		select(.id == $id) | "PLANETSCALE_SERVICE_TOKEN_ID=\(.id)\nPLANETSCALE_SERVICE_TOKEN=\(.secret)"' >"$file")
}

credential=()
credentials first
start_mount -o "credentials=$file"
revoke first '' write_service_tokens
assert_eq first "$(ls "$tokens")"
assert_contains "$(cat "$mnt/.pscalefs/status")" "credential: service token $(token_id first)" 'lacks: write_service_tokens'

# It is taken away, and a new one is put in its place: the next command asks twice, and that is all.
credentials second
delete_token first
refresh
api_clear
api_switch bad_token_status 401
assert_eq second "$(ls "$tokens")"
assert_eq 1 "$(api_log | jq '[.[] | select(.status == 401)] | length')" 'refused requests'
grep -q 'credential read again' "$log" || fail "not told"
assert_contains "$(cat "$mnt/.pscalefs/status")" "credential: service token $(token_id second)" 'lacks: nothing'

# Several requests may be under way when it ends: each is asked twice, whichever is answered first.
credentials parallel
delete_token second
list_both_at_once
assert_eq parallel "$(cat "$work/tokens")"
assert_eq $'blog\nshop' "$(cat "$work/databases")"
assert_eq 2 "$(api_log | jq '[.[] | select(.status == 401)] | length')" 'refused requests'

# As PlanetScale answers a service token that is gone: below its organization all is 404 to it.
api_switch bad_token_status 404
credentials unseen
delete_token parallel
add_token doomed
touch "$tokens"
assert_eq $'doomed\nunseen' "$(ls "$tokens")"
credentials second
delete_token unseen
rmdir "$tokens/doomed"
! token_exists doomed || fail "still there"
api_switch bad_token_status 401

# Changes go on likewise, and a token's POST is sent again only because the first was refused as a stranger's.
credentials third
delete_token second
mkdir "$tokens/new"
[[ -s $tokens/new/token ]] || fail "no secret"
rm -r "$tokens/new"
delete_token third

# Nothing new in the file: rejected, and nothing hangs or loops.
refresh
api_clear
assert_fails 'Key was rejected by service' ls "$tokens"
assert_contains "$(cat "$mnt/.pscalefs/status")" 'the last request was refused'
assert_contains "$(errors_last)" EKEYREJECTED 'HTTP 401' 'log in again'
[[ $(api_log | jq length) -le 2 ]] || fail "asked again and again"

# The file in disorder is no reason to fall over; put in order, it serves without a signal.
echo 'PLANETSCALE_SERVICE_TOKEN' >"$file"
assert_fails 'Key was rejected by service' ls "$tokens"
credentials fourth
assert_eq fourth "$(ls "$tokens")"

# SIGHUP reads it too, before anybody asks.
credentials fifth
kill -HUP "$daemon"
told_again() { [[ $(grep -c 'credential read again' "$log") -ge 7 ]]; }
wait_for told_again
assert_contains "$(cat "$mnt/.pscalefs/status")" "credential: service token $(token_id fifth)" \
	"credential from: credentials file: $file" 'lacks: nothing'
delete_token fourth
api_clear
assert_eq fifth "$(ls "$tokens")"
assert_eq 0 "$(api_log | jq '[.[] | select(.status == 401)] | length')"

# Expired is not the same as rejected.
api_data "$(json op=update-token "id=$(text "$(token_id fifth)")" expires_at=2020-01-01T00:00:00Z)"
refresh
run ls "$tokens"
[[ $message == *'Key has expired' || $message == *'Key was rejected by service' ]] || fail "said: $message"
fault GET '*' status=401 body='{"code":"unauthorized","message":"This token has expired"}' count=0
assert_fails 'Key has expired' ls "$tokens"
assert_contains "$(errors_last)" EKEYEXPIRED

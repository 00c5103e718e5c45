#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# An outage of the API ends by itself, without a remount: meanwhile commands fail with the reason, or, with
# -o offline, reads are answered from what is known and status says how old that is.
. "$(dirname "$0")/lib.sh"

allow_error .
file=$tokens/ci/databases/shop/permissions

seed='[{"op": "add-database", "name": "shop"}, {"op": "add-token", "name": "ci", "id": "citoken00001"},
	{"op": "grant", "token": "ci", "database": "shop", "access": ["read_branch"]}]'
state=$work/state.json

# The same data before and after: the emulator keeps it.
up() {
	start_emulator --state="$state" --port="${port-0}" --seed-data=orgs=1,databases=0,tokens=0
	port=${api_url##*:}
}

status_line() { sed -n "s/^$1: *//p" "$mnt/.pscalefs/status"; }

up
api_data "$seed"
name=$(api_state | jq -r '.organizations[0].name')
org=$mnt/$name tokens=$mnt/$name/service-tokens file=$tokens/ci/databases/shop/permissions

# --- without -o offline: what is not fresh fails, and says why
start_mount -o timeout=2
assert_eq read_branch "$(cat "$file")"
stop_emulator
refresh
assert_fails 'Connection refused' cat "$file"
assert_fails 'Connection refused' ls "$tokens"
assert_fails 'Connection refused' append "$file" create_branch
assert_fails 'Connection refused' rmdir "$tokens/ci"
ls "$mnt/.pscalefs" >/dev/null
up
assert_eq read_branch "$(cat "$file")"
append "$file" create_branch
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
append "$file" -create_branch

# An outage that answers: 503 for all, for longer than anybody waits.
refresh
fault '*' '*' status=503 count=0
assert_fails 'Remote I/O error' cat "$file"
assert_contains "$(errors_last)" EREMOTEIO 503
api_release
assert_eq read_branch "$(cat "$file")"

# --- with it: what was read is still read, nothing is changed, and status says so
stop_mount
start_mount -o timeout=2,offline,cache=0
assert_eq read_branch "$(cat "$file")"
assert_eq shop "$(ls "$org/databases")"
assert_eq '' "$(status_line 'organizations known for' | grep 'cannot be reached' || true)"
stop_emulator
assert_eq read_branch "$(cat "$file")"
assert_eq ci "$(ls "$tokens")"
assert_eq shop "$(ls "$org/databases")"
assert_contains "$(status_line 'organizations known for')" ' s, PlanetScale cannot be reached'
[[ $(status_line 'organizations known for') =~ ^[0-9]{1,3}\ s ]] || fail "how old: $(status_line 'organizations known for')"
assert_fails 'Connection refused' append "$file" create_branch
assert_fails 'Connection refused' mkdir "$tokens/new"
assert_fails 'Connection refused' rmdir "$tokens/ci"
# Forgetting is asking anew: there is nobody to ask, so the old copy it is.
refresh
assert_eq read_branch "$(cat "$file")"
[[ $(status_line 'organizations known for') =~ ^[0-9]{1,3}\ s ]] || fail "how old: $(status_line 'organizations known for')"
up
append "$file" create_branch
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
assert_eq '' "$(status_line 'organizations known for' | grep 'cannot be reached' || true)"

# A network that swallows everything, or an API that fails whenever it is asked: one waits for it, the others
# do not.
for outage in silence=true status=503 close=before; do
	fault '*' '*' "$outage" count=0
	start=$SECONDS
	for _ in 1 2 3; do
		ls "$tokens" "$org/databases" >/dev/null
		assert_eq $'create_branch\nread_branch' "$(cat "$file")"
	done
	[[ $((SECONDS - start)) -lt 10 ]] || fail "$outage: each waited: $((SECONDS - start)) s"
	assert_fails '' append "$file" read_database
	[[ $outage != silence=true ]] || assert_contains "$message" 'timed out'
	api_release
	append "$file" -create_branch
	assert_eq read_branch "$(cat "$file")"
	append "$file" create_branch
done

# --- a daemon that died: the next one clears its mount away, and with a busy directory below it, too
stop_mount
start_mount -o timeout=2
exec 3<"$tokens"
kill -KILL "$daemon"
disown "$daemon" 2>/dev/null || true # or it has been reaped already
wait_for process_ended "$daemon"
daemon=''
assert_fails 'Transport endpoint is not connected' ls "$mnt"
start_mount -o timeout=2
assert_eq ci "$(ls "$tokens")"
assert_fails 'not connected' ls "/proc/self/fd/3/"
exec 3<&-
stop_mount
! mounted "$mnt" || fail "the dead mount is still there"

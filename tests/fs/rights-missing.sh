#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A credential that may not read service tokens sees what it may, is told what it may not, and status
# says which rights it lacks.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir "$tokens/poor"
echo read_organization >>"$tokens/poor/permissions"
echo read_database >>"$tokens/poor/databases/shop/permissions"
id=$(cat "$tokens/poor/id") secret=$(cat "$tokens/poor/token")
stop_mount

credential=("PLANETSCALE_SERVICE_TOKEN_ID=$id" "PLANETSCALE_SERVICE_TOKEN=$secret")
start_mount
allow_error .
assert_eq acme "$(ls "$mnt")"
assert_eq shop "$(ls "$org/databases")"
assert_fails 'Permission denied' ls "$tokens"
assert_eq '' "$output"
assert_contains "$(errors_last)" 403 read_service_tokens
assert_fails 'Permission denied' ls "$org/by-id"
assert_fails 'Permission denied' cat "$tokens/poor/id"
assert_fails 'Permission denied' mkdir "$tokens/new"
assert_fails 'Permission denied' cat "$org/databases/shop/access"
assert_contains "$(cat "$mnt/.pscalefs/status")" \
	$'\nlacks: read_service_tokens\nunknown until used: write_service_tokens delete_service_tokens\n'

# One that may read them but not change them.
stop_mount
grant poor '' read_service_tokens
start_mount
assert_eq poor "$(ls "$tokens")"
assert_fails 'Permission denied' mkdir "$tokens/new"
assert_contains "$(errors_last)" 403 write_service_tokens
add_token idle
refresh
assert_fails 'Permission denied' rmdir "$tokens/idle"
assert_contains "$(errors_last)" 403 delete_service_tokens
token_exists idle || fail "deleted after all"
delete_token idle

# It is in the list itself, and that tells, used or not.
stop_mount
start_mount
assert_contains "$(cat "$mnt/.pscalefs/status")" \
	$'\nlacks: nothing\nunknown until used: read_databases read_service_tokens write_service_tokens delete_service_tokens\n'
ls "$tokens" >/dev/null
assert_contains "$(cat "$mnt/.pscalefs/status")" \
	$'\nlacks: read_databases write_service_tokens delete_service_tokens\nunknown until used: nothing\n'

# One that may see no database: an empty list, a 403 or a 404 says so, and each names the permission.
stop_mount
revoke poor shop read_database
revoke poor '' read_service_tokens
for way in empty 403 404; do
	start_mount
	api_switch databases_without_permission "${way/404/403}"
	[[ $way != 404 ]] || fault GET "$A/databases" status=404 count=0
	if [[ $way == empty ]]; then
		assert_eq '' "$(ls "$org/databases")"
		assert_fails 'No such file' cat "$org/databases/shop/id"
		assert_contains "$(cat "$mnt/.pscalefs/status")" $'\nshows no database, may lack: read_databases\n'
	else
		assert_fails 'Permission denied' ls "$org/databases"
		assert_fails 'Permission denied' cat "$org/databases/shop/id"
		assert_contains "$(cat "$mnt/.pscalefs/status")" $'\nlacks: read_databases\n'
	fi
	assert_contains "$(errors_last)" "lookup /acme/databases/" read_databases
	api_release
	stop_mount
done

# The same with a token that is told so by its own entry in the list: any database that is not shown.
api_switch databases_without_permission empty
grant poor '' read_service_tokens
start_mount
ls "$tokens" >/dev/null
assert_contains "$(cat "$mnt/.pscalefs/status")" $'\nlacks: read_databases write_service_tokens delete_service_tokens\n'
assert_fails 'No such file' append "$tokens/poor/databases/shop/permissions" read_branch
assert_contains "$(errors_last)" ENOENT read_databases
grant poor '' read_databases
refresh
ls "$tokens" >/dev/null
entries=$(wc -l <"$mnt/.pscalefs/errors")
assert_fails 'No such file' cat "$org/databases/nothing/id"
assert_eq "$entries" "$(wc -l <"$mnt/.pscalefs/errors")" 'it may see all: there is none'
assert_contains "$(cat "$mnt/.pscalefs/status")" $'\nlacks: write_service_tokens delete_service_tokens\n'
stop_mount
start_mount

# A login does what its user may: nothing is said of it.
stop_mount
credential=("PLANETSCALE_API_TOKEN=$login")
start_mount
ls "$tokens" >/dev/null
assert_lacks "$(cat "$mnt/.pscalefs/status")" lacks: unknown

#!/usr/bin/env bash
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
assert_fails 'Permission denied' rmdir "$tokens/poor"
assert_contains "$(errors_last)" 403 delete_service_tokens
token_exists poor || fail "deleted after all"

# It is in the list itself, and that tells, used or not.
stop_mount
start_mount
assert_contains "$(cat "$mnt/.pscalefs/status")" \
	$'\nlacks: nothing\nunknown until used: read_service_tokens write_service_tokens delete_service_tokens\n'
ls "$tokens" >/dev/null
assert_contains "$(cat "$mnt/.pscalefs/status")" \
	$'\nlacks: write_service_tokens delete_service_tokens\nunknown until used: nothing\n'

# A login does what its user may: nothing is said of it.
stop_mount
credential=("PLANETSCALE_API_TOKEN=$login")
start_mount
ls "$tokens" >/dev/null
assert_lacks "$(cat "$mnt/.pscalefs/status")" lacks: unknown

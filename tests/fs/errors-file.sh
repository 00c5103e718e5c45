#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# .pscalefs/errors tells of each failure who, what, where, why, and what to do: the last 100, newest last.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
allow_error .
assert_eq '' "$(cat "$mnt/.pscalefs/errors")"
mkdir "$tokens/ci"
id=$(token_id ci)
file=$tokens/ci/databases/shop/permissions

# Who and what and where, and PlanetScale's own words with the number under which it remembers them.
fault DELETE "$T/$id" status=403 body='{"code":"forbidden","message":"Not on a Friday"}' \
	headers='{"X-Request-Id":"req-4711"}'
assert_fails 'Permission denied' rm -r "$tokens/ci"
assert_contains "$(errors_last)" rmdir acme/service-tokens/ci EACCES 403 forbidden 'Not on a Friday' req-4711
assert_contains "$(errors_last)" "$(date -u +%Y-)" delete_service_tokens

# A slip of the finger, and a right of the other level.
assert_fails 'Invalid argument' append "$file" read_brnach
assert_contains "$(errors_last)" read_brnach read_branch EINVAL 422
assert_fails 'Invalid argument' append "$tokens/ci/permissions" read_branch
assert_contains "$(errors_last)" read_branch database
assert_fails 'Invalid argument' append "$file" read_organization
assert_contains "$(errors_last)" read_organization organization

# Where something was to be moved to.
mkdir "$tokens/other"
assert_fails 'Operation not permitted' mv "$file" "$tokens/other/databases/shop/permissions"
assert_contains "$(errors_last)" " -> /acme/service-tokens/other/databases/shop/permissions: EPERM" \
	'another directory' 'next: cp copies permissions'

# A rejected login, and a server that is in trouble.
refresh
fault GET "$T" status=401 count=0
assert_fails 'Key was rejected by service' ls "$tokens"
assert_contains "$(errors_last)" EKEYREJECTED 401
api_release
fault GET "$T" status=500 body='<html>Oops</html>'
assert_fails 'Remote I/O error' ls "$tokens"
assert_contains "$(errors_last)" EREMOTEIO 500
assert_lacks "$(errors_last)" $'\n'

# One entry a line, the last 100 of them, the newest last; control characters of others do no harm.
fault POST "$T/$id/access" status=422 body='{"code":"x","message":"red\u001b[31m\nline"}'
assert_fails 'Invalid argument' append "$file" read_branch
assert_lacks "$(errors_last)" $'\e'
assert_contains "$(errors_last)" red line
for i in {1..120}; do
	run append "$file" "Impossible$i"
done
assert_eq 100 "$(wc -l <"$mnt/.pscalefs/errors")"
assert_contains "$(errors_last)" Impossible120
assert_contains "$(head -n 1 "$mnt/.pscalefs/errors")" Impossible21

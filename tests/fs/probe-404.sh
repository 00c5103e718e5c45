#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# PlanetScale says 404 to a bad credential, a missing right and a missing thing alike; here the three differ.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
allow_error .
id=$(token_id ci)
ls "$tokens" >/dev/null

# Of what was just listed: not absent, but out of reach.
refresh
fault GET "$T" status=404 count=0
assert_fails 'Permission denied' ls "$tokens"
assert_contains "$(errors_last)" 404
api_release
assert_eq ci "$(ls "$tokens")"

# One token of the list, likewise: nobody has deleted it.
api_switch list_accesses absent
refresh
ls "$tokens" >/dev/null
fault GET "$T/$id" status=404
assert_fails 'Permission denied' cat "$tokens/ci/permissions"
assert_contains "$(errors_last)" read_service_tokens
assert_eq '' "$(cat "$tokens/ci/permissions")"
api_switch list_accesses present

# A token that somebody deleted is absent, once that is seen.
delete_token ci
assert_fails 'Identifier removed' append "$tokens/ci/permissions" read_organization
assert_gone "$tokens/ci" "$org/by-id/$id"

# An organization that does not exist: absent, and the credential was asked about first.
refresh
api_clear
assert_gone "$mnt/other"
requested GET /v1/organizations || fail "the credential was not probed"

# The credential itself is no good any more: that is what is said, not that everything is gone.
refresh
fault GET /v1/organizations status=401 count=0
fault GET "$A*" status=404 count=0
assert_fails 'Key was rejected by service' ls "$tokens"
assert_fails 'Key was rejected by service' ls "$org/databases"
assert_fails 'Key was rejected by service' stat "$mnt/other"
assert_contains "$(errors_last)" EKEYREJECTED 401
api_release
assert_eq '' "$(ls "$tokens")"

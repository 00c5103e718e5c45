#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A wrong command line, a mount point that is none, a scope that cannot be one: a clear error each,
# and nothing changes.
. "$(dirname "$0")/lib.sh"

start_emulator
mkdir "$mnt"
: >"$work/file"
set_command

# wrong STATUS PART ARGUMENT…
wrong() {
	run timeout 10 "${command[@]}" "${@:3}"
	assert_eq "$1" "$status" "${*:3}: $message"
	assert_contains "$message" 'pscalefs: ' "$2"
	assert_eq '' "$output" "${*:3}"
	! mounted "$mnt" || fail "mounted all the same: ${*:3}"
}

wrong 2 'no-such-option' --no-such-option "$mnt"
wrong 2 'no_such_option' -o no_such_option=1 "$mnt"
wrong 2 'soon' -o cache=soon "$mnt"
wrong 2 'timeout' -o timeout= "$mnt"
wrong 2 'timeout' -o timeout=-1 "$mnt"
wrong 2 'ttl' -o ttl=forever "$mnt"
wrong 2 '' # no mount point
wrong 2 'more than one mount point' "$mnt" "$work/file"
wrong 32 'does not exist' "$work/missing"
wrong 32 'not a directory' "$work/file"

# Addresses: plain http only to this machine, and nothing that is no address.
wrong 32 http --api-url http://api.example.com "$mnt"
wrong 32 'must begin with https' --api-url ftp://127.0.0.1/ "$mnt"
assert_requests # none of these asked anybody

# Help and version are not errors.
run pscalefs -h
assert_eq "0 ''" "$status '$message'"
assert_contains "$output" usage credentials= timeout=
run pscalefs -V
assert_eq "0 ''" "$status '$message'"
assert_contains "$output" pscalefs libfuse libcurl

start_mount
mkdir "$tokens/ci"
file=$tokens/ci/databases/shop/permissions
ls "$org/databases" >/dev/null
: >>"$file"
api_clear
for text in Read-Branch 'read branch!' read.branch +-read_branch --read_branch + 'read_branch;create_branch' 'ünïcode'; do
	assert_fails 'Invalid argument' append "$file" "$text"
	assert_fails 'Invalid argument' overwrite "$file" "$text"
done
assert_contains "$(errors_last)" 'ünïcode'
assert_fails 'Invalid argument' append "$tokens/ci/permissions" 'read_organization /'
printf 'read_branch\0' >"$work/nul"
assert_fails 'Invalid argument' cp "$work/nul" "$file"
assert_fails 'File name too long' mkdir "$tokens/$(printf 'x%.0s' {1..256})"
assert_changes
assert_eq '' "$(scopes_of ci shop)"

# Comments and empty lines mean nothing, and are no error.
printf '# nothing\n\n   \t\n  # at all\r\n' >>"$file"
assert_changes

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# PlanetScale cannot be reached, or makes no sense: exit status 32, why, and nothing mounted.
. "$(dirname "$0")/lib.sh"

start_emulator
mkdir "$mnt"

# refused PART [OPTION…]
refused() {
	local part=$1
	shift
	run timeout 20 "${command[@]}" "$@" "$mnt"
	assert_eq 32 "$status" "$message"
	assert_contains "$message" 'pscalefs: ' "$part"
	! mounted "$mnt" || fail "mounted all the same"
}

set_command
fault GET /v1/organizations status=500 count=0
refused 500
api_release
fault GET /v1/organizations body='<html>not what you expect</html>' count=0
refused "$api_url"
api_release
fault GET /v1/organizations silence=true count=0
refused 'no answer' -o timeout=1
api_release

# Nobody listens there any more.
stop_emulator
refused 'Connection refused'

# A host that is none.
api_url=https://pscalefs.invalid
set_command
refused pscalefs.invalid

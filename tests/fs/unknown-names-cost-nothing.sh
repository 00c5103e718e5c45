#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What desktops, shells and editors look for in every directory is not there, and nobody is asked.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
probes=(.git .hidden .DS_Store .Trash-1000 .svn .hg .gitignore .directory .bzr)

# Before anything was looked at, in the root and an organization.
api_clear
for probe in "${probes[@]}"; do assert_gone "$mnt/$probe" "$org/$probe"; done
ls -a "$mnt/.pscalefs" "$mnt/.pscalefs/scopes" >/dev/null
cat "$mnt"/.pscalefs/{status,errors} "$mnt"/.pscalefs/scopes/* >/dev/null
stat "$mnt" >/dev/null
stat -f "$mnt" >/dev/null
assert_gone "$mnt/.pscalefs/none" "$org/none" "$org/HEAD" "$org/database" "$org/config"
assert_requests

# Everywhere else, once what is there is known.
find "$org" >/dev/null
cat "$tokens/ci/permissions" >/dev/null
api_clear
for directory in "$tokens" "$tokens/ci" "$tokens/ci/databases" "$org/databases" "$org/databases/shop" "$org/by-id"; do
	for probe in "${probes[@]}" HEAD none; do assert_gone "$directory/$probe"; done
done
df "$mnt" >/dev/null
assert_requests

# GNU df opens what it is given, for the sake of automounters: that is a directory with a list in it.
refresh
api_clear
stat -f "$mnt" >/dev/null
assert_requests
df "$mnt" >/dev/null
assert_requests 'GET /v1/organizations'

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# -o ro: everything can be read and nothing changed, and PlanetScale is asked for no change.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
start_mount -o ro
before=$(holdings)
assert_eq read_branch "$(cat "$tokens/ci/databases/shop/permissions")"

refused() { assert_fails 'Read-only file system' "$@"; }
api_clear
refused mkdir "$tokens/new"
refused rmdir "$tokens/ci"
refused rmdir "$tokens/ci/databases/shop"
refused rm -f "$tokens/ci/permissions"
refused rm -rf "$tokens/ci"
refused append "$tokens/ci/databases/shop/permissions" create_branch
refused overwrite "$tokens/ci/databases/shop/permissions" create_branch
refused empty "$tokens/ci/databases/shop/permissions"
refused overwrite "$org/create-token" new
refused mv "$tokens/ci" "$tokens/new"
assert_changes
assert_eq "$before" "$(holdings)"

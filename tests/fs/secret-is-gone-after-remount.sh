#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The secret lives as long as the mount: it is written nowhere.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir "$tokens/ci"
secret=$(cat "$tokens/ci/token")
remount
token_exists ci || fail "the token is gone"
assert_gone "$tokens/ci/token" "$tokens/ci/env" "$tokens/ci/header"
! grep -r -q -F "$secret" "$work/home" "$log" || fail "the secret was written down"

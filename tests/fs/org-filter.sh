#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# -o org= and PLANETSCALE_ORG show one organization only.
. "$(dirname "$0")/lib.sh"

start_emulator
api_data '{"op": "add-organization", "name": "globex"}'
credential=("PLANETSCALE_API_TOKEN=$login")
start_mount
assert_eq $'acme\nglobex' "$(ls "$mnt")"
remount -o org=globex
assert_eq globex "$(ls "$mnt")"
assert_gone "$mnt/acme"
credential+=(PLANETSCALE_ORG=acme)
remount
assert_eq acme "$(ls "$mnt")"
assert_gone "$mnt/globex"

# The option wins over the environment.
remount -o org=globex
assert_eq globex "$(ls "$mnt")"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Within the cache time what was read is not asked for again; without one everything is, once a look.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
start_mount -o cache=600
look() {
	find "$org" -type f ! -name create-token -exec cat {} + >/dev/null
	ls -lR "$org" >/dev/null
}

# A whole organization costs a list of databases, a list of tokens, whose grants are in it, and the log.
api_clear
look
assert_requests "GET $A/databases" "GET $T" "GET $A/audit-log"
api_clear
look
assert_requests

# Own changes show at once, in every view of them, without asking.
mkdir "$tokens/new"
api_clear
assert_eq $'ci\nnew' "$(ls "$tokens")"
assert_eq 2 "$(ls "$org/by-id" | wc -l)"
echo read_branch >>"$tokens/new/databases/shop/permissions"
assert_eq $'ci\nnew' "$(ls "$org/databases/shop/service-tokens")"
assert_eq $'ci\tread_branch\nnew\tread_branch' "$(cat "$org/databases/shop/access")"
assert_eq 0 "$(api_count GET '*')"

# Without a cache each look asks, and sees what others did.
remount -o cache=0
ls "$tokens" >/dev/null
add_token other
api_clear
assert_eq $'ci\nnew\nother' "$(ls "$tokens")"
requested GET "$T" || fail "nothing was asked"

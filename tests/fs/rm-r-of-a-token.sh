#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# rm -r of a token or of its databases does what it says: rights first, then the token.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir "$tokens/ci" "$tokens/keep"
for token in ci keep; do
	echo read_branch >>"$tokens/$token/databases/shop/permissions"
	echo read_organization >>"$tokens/$token/permissions"
done

rm -r "$tokens/ci/databases/shop"
assert_eq '' "$(scopes_of ci shop)"
assert_eq read_organization "$(scopes_of ci)"

echo read_branch >>"$tokens/ci/databases/shop/permissions"
rm -r "$tokens/ci"
! token_exists ci || fail "still there"
assert_eq keep "$(ls "$tokens")"
assert_eq 'read_branch read_organization' "$(scopes_of keep shop) $(scopes_of keep)"

# mv to another file system is a copy and a removal, and the token is named.
secret=$(cat "$tokens/keep/token")
mv "$tokens/keep" "$work/kept"
! token_exists keep || fail "still there"
assert_eq "$secret" "$(cat "$work/kept/token")"
assert_eq read_branch "$(cat "$work/kept/databases/shop/permissions")"

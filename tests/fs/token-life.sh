#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# From mkdir to rm -r: each step is one change at PlanetScale, and what it reports is true there.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
ls "$tokens" "$org/databases" >/dev/null
file=$tokens/ci/databases/shop/permissions

# mkdir: the name is checked against a fresh list, then one POST.
api_clear
mkdir "$tokens/ci"
assert_requests "GET $T" "POST $T"
assert_changes "POST $T {\"name\":\"ci\"}"
id=$(token_id ci)

# What is in it is known from that answer.
api_clear
assert_eq "$id" "$(cat "$tokens/ci/id")"
[[ -s $tokens/ci/token ]] || fail "no secret"
assert_eq '' "$(cat "$file")"
assert_requests

# The files with the secret in other forms can be removed for good; the secret goes with `token`.
mkdir "$tokens/secrets"
mv "$tokens/secrets/env" "$work/env"
assert_contains "$(cat "$work/env")" "$(cat "$tokens/secrets/token")"
assert_gone "$tokens/secrets/env"
assert_contains "$(cat "$tokens/secrets/header")" Authorization
rm "$tokens/secrets/header"
[[ -s $tokens/secrets/token ]] || fail "no secret"
assert_lacks "$(ls "$tokens/secrets")" env header
rm "$tokens/secrets/token"
assert_gone "$tokens/secrets/"{env,header,token}
rmdir "$tokens/secrets"

# A grant: one POST, and its answer is the confirmation.
api_clear
echo read_branch create_branch >>"$file"
assert_requests "POST $T/$id/access"
assert_changes "POST $T/$id/access $(access_body shop create_branch read_branch)"
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"

# Own changes show at once, sorted, and cost nothing to look at.
api_clear
assert_eq $'create_branch\nread_branch' "$(cat "$file")"
assert_eq shop "$(ls "$tokens/ci/databases")"
assert_eq $'ci\tcreate_branch read_branch' "$(cat "$org/databases/shop/access")"
assert_requests

# A revocation: one DELETE, which answers nothing, so one fresh read.
api_clear
echo '-create_branch' >>"$file"
assert_requests "DELETE $T/$id/access" "GET $T/$id"
assert_changes "DELETE $T/$id/access $(access_body shop create_branch)"
assert_eq read_branch "$(scopes_of ci shop)"
assert_eq read_branch "$(cat "$file")"

# rm takes away all that is granted.
api_clear
rm "$file"
assert_changes "DELETE $T/$id/access $(access_body shop read_branch)"
assert_eq '' "$(scopes_of ci shop)"
assert_eq '' "$(cat "$file")"
assert_eq '' "$(ls "$tokens/ci/databases")"

# rm -r: nothing is left to revoke, so one DELETE, and the token is gone here and there.
api_clear
rm -r "$tokens/ci"
assert_changes "DELETE $T/$id"
! token_exists ci || fail "the token is still there"
assert_gone "$tokens/ci" "$org/by-id/$id"
assert_eq '' "$(ls "$tokens")"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A token's own permissions file is about the organization, in PlanetScale's words: database "".
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir "$tokens/ci"
id=$(token_id ci)
file=$tokens/ci/permissions

api_clear
echo read_databases, +read_organization >>"$file"
assert_requests "POST $T/$id/access"
assert_changes "POST $T/$id/access $(access_body '' read_databases read_organization)"
assert_eq 'read_databases read_organization' "$(scopes_of ci)"
assert_eq $'read_databases\nread_organization' "$(cat "$file")"

api_clear
echo -read_databases >"$file"
assert_changes "DELETE $T/$id/access $(access_body '' read_databases)"
assert_eq read_organization "$(scopes_of ci)"

api_clear
rm "$file"
assert_changes "DELETE $T/$id/access $(access_body '' read_organization)"
assert_eq '' "$(scopes_of ci)"
[[ -d $tokens/ci ]] || fail "the token went with its permissions"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The three secret files are what curl, a shell and docker take; with them one acts as the token.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
mkdir "$tokens/ci"
id=$(token_id ci)
cd "$tokens"

# as_token PATH: the status that PlanetScale answers the new token with, its body in $work/body.
as_token() {
	curl --silent --output "$work/body" --write-out '%{http_code}' --header @ci/header "$api_url$1"
}

# One value a file, a newline, nothing else.
assert_eq 1 "$(wc -l <ci/token)"
secret=$(cat ci/token)
assert_contains "$secret" pscale_tkn_
assert_eq "Authorization: $id:$secret" "$(cat ci/header)"
assert_eq "PLANETSCALE_SERVICE_TOKEN_ID=$id
PLANETSCALE_SERVICE_TOKEN=$secret" "$(cat ci/env)"
assert_eq '400 400 400' "$(stat -c %a ci/token ci/env ci/header | paste -sd ' ')"

# It works, with the token's own rights: none yet, then what it was granted.
assert_eq 200 "$(as_token /v1/organizations)"
assert_eq acme "$(jq -r '.data[].name' "$work/body")"
assert_eq 403 "$(as_token "$A")"
echo read_organization >>ci/permissions
assert_eq 200 "$(as_token "$A")"

# The same from a script that sources env.
run bash -c 'set -a; . ci/env; exec env'
assert_contains "$output" "PLANETSCALE_SERVICE_TOKEN_ID=$id" "PLANETSCALE_SERVICE_TOKEN=$secret"

# A token made elsewhere has no such files, and nobody can make them.
add_token other
refresh
assert_gone other/token other/env other/header
assert_fails 'Operation not permitted' overwrite other/token x

# rm of the secret forgets it here, for good, and leaves the token as it is.
api_clear
rm ci/token
assert_gone ci/token ci/env ci/header
assert_changes
token_exists ci || fail "the token went with its secret"
refresh
assert_gone ci/token

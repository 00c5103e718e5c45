# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
#
# contrib/live-check, run on an organization in which it can find out everything. To be sourced after lib.sh.

secret_name=sesame
start_emulator
# Names and times are in different orders; three are needed to tell.
year=2020
for name in b1 c2 "$secret_name" a3; do
	add_token "$name" created_at="$(text "$((year++))-01-01T00:00:00.000Z")"
done
grant "$secret_name" shop read_branch
api_data '{"op": "add-database", "name": "api", "created_at": "2030-01-01T00:00:00.000Z"}'
api_data '{"op": "add-database", "name": "cms", "created_at": "2020-01-01T00:00:00.000Z"}'

# state: what is held, in an order of its own.
state() { holdings | jq '.[] |= (.databases |= sort | .tokens |= sort_by(.id))'; }

check() {
	env -i PATH="$PATH" HOME="$work/home" PLANETSCALE_SERVICE_TOKEN_ID="$admin_id" \
		PLANETSCALE_SERVICE_TOKEN="$admin_secret" "$root/contrib/live-check" --api-url "$api_url" "$@"
}

# nothing_left: since $before; of it, and nothing of the account's is told.
nothing_left() {
	assert_eq "$before" "$(state)"
	assert_lacks "$output$message" "$secret_name" acme shop pscale_tkn "$admin_id" "$(token_id "$secret_name")"
}

# told SWITCH VALUE: as handled.
told() { [[ $'\n'$output == *$'\n'"$1=$2"$'\thandled'* ]] || fail "$(grep "^$1=" <<<"$output")"; }

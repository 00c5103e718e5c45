#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# live-check reports each fact as it is: each switch of the emulator that it settles, in each of its settings; with
# nothing secret in its output, and with no token left behind.
. "$(dirname "$0")/lib.sh"

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

# nothing_left: of it, and nothing of the account's is told.
nothing_left() {
	assert_eq "$before" "$(state)"
	assert_lacks "$output$message" "$secret_name" acme shop pscale_tkn "$admin_id" "$(token_id "$secret_name")"
}

before=$(state)
# What is on by default; and reading alone changes nothing.
api_clear
run check
assert_eq '0|' "$status|$message"
nothing_left
assert_changes
assert_contains "$output" $'list_accesses=present\thandled' $'unknown_scope=?\tnot settled\tneeds --make-token'
run check --make-token
assert_eq '0|' "$status|$message"
nothing_left
defaults=$output

# Each switch in its other settings. Those in one round do not hide each other.
rounds=(
	'list_accesses=absent get_accesses=absent create_accesses=absent oauth_accesses=absent secret_fields=absent
	omit_type=on drop_totals=on names=null nullable=absent unknown_keys=on database_extras=absent
	next_page_url=foreign per_page_max=200 per_page_default=10 database_order=created_desc
	access_post_answer=added access_post_status=201 access_delete_status=200 access_duplicate=422 access_missing=404
	access_keys=old access_page_size=10 grants_page_size=10 grant_type=absent omitted_database=422 unknown_scope=400
	wrong_level=403 empty_grants=shown admin_token=listed bad_token_status=401 databases_without_permission=403
	last_used=off gzip=off keep_alive=off'
	'list_accesses=null get_accesses=null create_accesses=null drop_per_page=on per_page_over=400 names=absent
	next_page_url=null access_post_answer=empty access_missing=422 unknown_scope=403 wrong_level=accept
	access_partial=valid access_paging=off grants_paging=off database_order=created_asc'
	'per_page_over=422 access_post_status=204 access_applies=first unknown_scope=404 token_order=name
	database_order=shuffled'
	'unknown_scope=accept token_order=shuffled'
	'token_order=created_asc'
)
for round in "${rounds[@]}"; do
	read -r -d '' -a settings <<<"$round" || true
	for setting in "${settings[@]}"; do
		[[ $defaults == *"${setting%%=*}="*$'\thandled'* ]] || find_fault "${setting%%=*} is not settled by default"
		api_switch "${setting%%=*}" "${setting#*=}"
	done
	before=$(state)
	run check --make-token
	[[ $status -eq 0 ]] || find_fault "status $status: $message"
	for setting in "${settings[@]}"; do
		[[ $'\n'$output == *$'\n'"$setting"$'\thandled'* ]] ||
			find_fault "$setting: $(grep "^${setting%%=*}=" <<<"$output")"
		preset=$(sed -n "s/^\(${setting%%=*}=[^\t]*\)\thandled.*/\1/p" <<<"$defaults")
		[[ $preset != "$setting" ]] || find_fault "$setting is the default"
		api_switch "${setting%%=*}" "${preset#*=}"
	done
	nothing_left
done

# --- what goes wrong ---

# One that cannot be deleted is named; any other failure leaves none.
for trouble in 'POST */access' 'GET */grants' 'GET */databases' 'GET */access'; do
	before=$(state)
	read -r method path <<<"$trouble"
	fault "$method" "$path" status=500 count=0
	run check --make-token
	api_release
	nothing_left
done
start_check() {
	env -i PATH="$PATH" HOME="$work/home" PLANETSCALE_API_TOKEN="$admin_id:$admin_secret" \
		"$root/contrib/live-check" --api-url="$api_url" --make-token >"$work/run.out" 2>"$work/run.err" &
	script=$!
}
before=$(state)
api_clear
hold POST '*/access'
start_check
wait_for requested POST '*/access'
kill -TERM "$script"
api_release
status_of "$script"
assert_eq 143 "$status"
nothing_left

# What nothing is known of is not handled.
fault POST '*/access' status=299 apply=true count=0
run check --make-token
api_release
assert_eq 1 "$status"
assert_contains "$output" $'access_post_status=299\tNOT HANDLED'
nothing_left

fault DELETE "$T/*" status=500 count=0
run check --make-token
api_release
assert_eq 2 "$status"
assert_contains "$message" 'could not be deleted'
delete_token "$(sed -n 's/.*the token \(pscalefs-live-check-[0-9]*\) could.*/\1/p' <<<"$message")"

run env -i PATH="$PATH" HOME="$work/home" "$root/contrib/live-check" --api-url "$api_url"
assert_eq 2 "$status"
assert_contains "$message" 'no credential'
run env -i PATH="$PATH" HOME="$work/home" PLANETSCALE_API_TOKEN=wrong "$root/contrib/live-check" --api-url "$api_url"
assert_eq 2 "$status"
assert_contains "$message" 'refused (401)'
run check --no-such
assert_eq 2 "$status"

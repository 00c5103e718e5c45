#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# live-check leaves no token behind when it is refused or killed, or names it; and says what it does not know of.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/live-check.bash"

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

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# live-check reports what takes more to see: the order of several organizations, the clock, readings that lag, all or
# some, and answers to changes that are not PlanetScale's.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/live-check.bash"

# Organizations are for a login; their names and times are in different orders.
others=(zebra bravo yankee delta)
for name in "${others[@]}"; do api_data "$(json op=add-organization name="$name")"; done
for order in created_desc created_asc name shuffled; do
	api_switch organization_order "$order"
	run env -i PATH="$PATH" HOME="$work/home" PLANETSCALE_API_TOKEN="$login" \
		"$root/contrib/live-check" --api-url "$api_url" --org acme
	assert_eq '0|' "$status|$message"
	told organization_order "$order"
	assert_lacks "$output" "${others[@]}" acme "$login"
done
api_switch organization_order name
for name in "${others[@]}"; do api_data "$(json op=delete-organization name="$name")"; done

api_switch clock_offset_s 3600
run check
[[ $output =~ clock_offset_s=(3600|359[0-9])$'\thandled' ]] || fail "$(grep '^clock' <<<"$output")"
api_switch clock_offset_s 0

# Readings that lag, all of them and those of one replica; what follows is as without.
before=$(state)
for replicas in 1 2; do
	# Long enough for two readings at least.
	api_switch read_lag_ms $((replicas == 1 ? 500 : 2500))
	api_switch replicas "$replicas"
	run check --make-token
	told replicas "$replicas"
	# As late as it was seen; a slow machine sees it later.
	[[ $output =~ read_lag_ms=([1-9])000$'\t'(.*)$'\ta grant' ]] || fail "$(grep '^read_lag' <<<"$output")"
	[[ ${BASH_REMATCH[1]} -gt 3 || ${BASH_REMATCH[2]} == handled* ]] || fail "$output"
	for fact in access_post_answer=full access_partial=none access_applies=all empty_grants=hidden changes_answered=really; do
		told "${fact%=*}" "${fact#*=}"
	done
done
api_switch read_lag_ms 0
api_switch replicas 1
nothing_left

# The answer to making a token is not PlanetScale's: its secret is lost, and no more can be found out.
for answer in page 202 page-undone 202-undone; do
	api_switch changes_answered "$answer"
	run check --make-token
	assert_eq 2 "$status"
	told changes_answered "$answer"
	assert_contains "$message" 'was not answered by PlanetScale'
	nothing_left
done
api_switch changes_answered really

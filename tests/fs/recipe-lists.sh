#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# who-can, unused-tokens and expiring-tokens say who may, what nobody uses and what expires; and they fail rather
# than show less than there is.
. "$(dirname "$0")/lib.sh"

recipes=$root/contrib/recipes
day() { date -u -d "$1 days" +%FT%T.000Z; }
odd='with "blank" & =x'

start_emulator
add_token ci
add_token "$odd"
add_token team/x
grant ci shop read_branch delete_branch
grant "$odd" shop delete_branch_password
grant "$odd" blog read_branch
grant team/x '' read_databases
start_mount
cd "$org"

# --- who-can ---

assert_eq $'ci\tdatabases/shop\nwith "blank" & =x\tdatabases/blog' "$("$recipes/who-can" read_branch)"
assert_eq $'ci\tdatabases/shop' "$("$recipes/who-can" delete_branch)"
assert_eq $'with "blank" & =x\tdatabases/blog' "$("$recipes/who-can" read_branch blog)"
assert_eq $'team%2Fx\torganization' "$("$recipes/who-can" read_databases)"

# Nobody is another status than not knowing.
run "$recipes/who-can" delete_branch blog
assert_eq '1||' "$status|$output|$message"
run "$recipes/who-can" read_brnach
assert_eq '1|' "$status|$output"
assert_contains "$message" 'not among the permissions'
assert_fails 'no database "none"' "$recipes/who-can" read_branch none
assert_eq 2 "$status"
assert_fails 'is no permission' "$recipes/who-can" 'read*'

# --- where the organization is ---

for place in "$org" "$tokens/ci/databases/shop" "$org/databases/shop/service-tokens/ci" "$mnt"; do
	assert_eq $'ci\tdatabases/shop' "$(cd "$place" && "$recipes/who-can" delete_branch)" "$place"
done
assert_eq $'ci\tdatabases/shop' "$(cd / && "$recipes/who-can" -C "$org/" delete_branch shop)"
cd /
assert_fails 'no organization' "$recipes/who-can" delete_branch
assert_fails 'no organization' "$recipes/who-can" -C "$mnt/.pscalefs/scopes" delete_branch
assert_fails 'no directory' "$recipes/who-can" -C "$org/none" delete_branch
assert_eq 2 "$status"

# --- unused-tokens, expiring-tokens ---

add_token old created_at="$(text "$(day -300)")" last_used_at="$(text "$(day -100)")"
add_token never created_at="$(text "$(day -91)")"
add_token '=early' created_at="$(text "$(day -400)")" last_used_at="$(text "$(day -1)")"
add_token soon expires_at="$(text "$(day +10)")"
add_token late expires_at="$(text "$(day +20)")"
add_token past created_at="$(text "$(day -9)")" expires_at="$(text "$(day -2)")"
refresh
cd "$org"
assert_eq "$(cat service-tokens/old/last_used_at)"$'\told\nnever\tnever' "$("$recipes/unused-tokens" 90)"
assert_eq "$(cat service-tokens/old/last_used_at)"$'\told' "$("$recipes/unused-tokens" 92)"
assert_eq "$(cat service-tokens/past/expires_at)"$'\tpast\n'"$(cat service-tokens/soon/expires_at)"$'\tsoon' \
	"$("$recipes/expiring-tokens" 15)"
assert_eq $'past\nsoon\nlate' "$("$recipes/expiring-tokens" 21 | cut -f 2)"
run "$recipes/unused-tokens" 200
assert_eq '1||' "$status|$output|$message"

# As the head of unused-tokens says.
"$recipes/unused-tokens" 90 | cut -f 2 | (cd service-tokens && xargs -r -d '\n' rm -r --)
for name in old never; do ! token_exists "$name" || fail "$name is not deleted"; done
for name in '=early' past ci; do token_exists "$name" || fail "$name is deleted"; done
refresh
delete_token past
delete_token soon
delete_token late
refresh
run "$recipes/expiring-tokens" 99
assert_eq '1||' "$status|$output|$message"
for wrong in '' -1 ten 1.5; do
	assert_fails '' "$recipes/unused-tokens" "$wrong"
	assert_eq 2 "$status" "days \"$wrong\""
done

# --- what cannot be read is never nobody ---

for recipe in 'who-can read_branch' 'who-can read_branch shop' 'unused-tokens 90' 'expiring-tokens 9' \
	'drift .' 'snapshot snap'; do
	read -ra command <<<"$recipe"
	fault GET "$T" status=500 count=0
	refresh
	run env -C "$work" "$recipes/${command[0]}" -C "$org" "${command[@]:1}"
	assert_eq '2|' "$status|$output" "$recipe"
	[[ $message ]] || fail "$recipe: nothing is said"
	api_release
done
[[ ! -e $work/snap/service-tokens ]] || fail 'half a snapshot'

# --- help, and wrong options ---

for recipe in who-can unused-tokens expiring-tokens rotate-token snapshot drift apply; do
	for option in -h --help; do
		run "$recipes/$recipe" "$option"
		assert_eq 0 "$status" "$recipe $option"
		assert_contains "$output" "$recipe [-C ORGANIZATION]" 'Exit status: 0'
	done
	assert_fails 'no option -Z' "$recipes/$recipe" -Z
	assert_eq 2 "$status"
	assert_fails "$recipe" "$recipes/$recipe" -C "$org"
	assert_eq 2 "$status"
done
cd /

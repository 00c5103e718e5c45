#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# live-check reports each fact as it is: each switch of the emulator that it settles, in each of its settings; with
# nothing secret in its output, and with no token left behind. It knows of each switch, and says what it is.
. "$(dirname "$0")/lib.sh"

. "$(dirname "$0")/live-check.bash"

# --- every switch is a fact that it settles, one that it cannot settle, or no fact, with a reason ---

"$emulator_program" --help | sed -n 's/^  \([a-z_]*\)=[^ ]* (.*)$/\1/p' | sort >"$work/switches"
assert_contains "$(cat "$work/switches")" list_accesses clock_offset_s
run env -i PATH="$PATH" "$root/contrib/live-check" --switches
assert_eq '0|' "$status|$message"
cp "$work/run.out" "$work/groups"
assert_eq "$(cat "$work/switches")" "$(cut -f 1 "$work/groups" | sort)" 'switches'
assert_eq '' "$(grep -v -P '^[a-z_]+\t(settled|not settled|no fact)\t[^\t]+$' "$work/groups" || true)"
# What is said to be handled can be tested.
while IFS=$'\t' read -r switch _ values; do
	allowed=$("$emulator_program" --help | sed -n "s/^  $switch=\([^ ]*\) (.*/\1/p")
	for value in ${values//|/ }; do
		[[ "|$allowed|" == *"|$value|"* || $allowed == NUMBER && $value == *'#'* ]] || fail "$switch=$value is not one of $allowed"
	done
done < <(grep -P '\tsettled\t' "$work/groups")

# assert_told: of each fact once, and of nothing that is none.
assert_told() {
	assert_eq "$(grep -v -P '\tno fact\t' "$work/groups" | cut -f 1 | sort)" "$(cut -d = -f 1 <<<"$output" | sort)" 'facts'
	assert_eq '' "$(grep -P '^[^\t]*\tnot settled\t' "$work/groups" | cut -f 1 |
		grep -v -x -F -f <(sed -n 's/=?\tnot settled.*//p' <<<"$output") || true)"
}

before=$(state)
# What is on by default; and reading alone changes nothing.
api_clear
run check
assert_eq '0|' "$status|$message"
nothing_left
assert_changes
assert_told
assert_contains "$output" $'list_accesses=present\thandled' $'unknown_scope=?\tnot settled\tneeds --make-token'
run check --make-token
assert_eq '0|' "$status|$message"
nothing_left
assert_told
defaults=$output

# Each switch in its other settings. Those in one round do not hide each other.
rounds=(
	'list_accesses=absent get_accesses=absent create_accesses=absent oauth_accesses=absent secret_fields=absent
	omit_type=on drop_totals=on names=null nullable=absent unknown_keys=on database_extras=absent
	next_page_url=foreign per_page_max=200 per_page_default=10 database_order=created_desc
	access_post_answer=added access_post_status=201 access_delete_status=200 access_duplicate=422 access_missing=404
	access_keys=old access_page_size=10 grants_page_size=10 grant_type=absent omitted_database=422 unknown_scope=400
	wrong_level=403 empty_grants=shown admin_token=listed bad_token_status=401 databases_without_permission=403
	last_used=off gzip=off keep_alive=off audit_order=oldest_first audit_after=inclusive audit_cursor=opaque
	audit_action=action audit_names=null audit_denied=404'
	'list_accesses=null get_accesses=null create_accesses=null drop_per_page=on per_page_over=400 names=absent
	next_page_url=null access_post_answer=empty access_missing=422 unknown_scope=403 wrong_level=accept
	access_partial=valid access_paging=off grants_paging=off database_order=created_asc audit_cursor=null'
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

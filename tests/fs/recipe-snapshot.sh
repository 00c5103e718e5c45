#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# snapshot, drift and apply: what is granted as text files; nothing differs until something is changed, the
# difference is shown, and apply undoes it; with no more requests than grep -r.
. "$(dirname "$0")/lib.sh"

recipes=$root/contrib/recipes
snap=$work/'a snapshot'
odd='with "blank" =x'

drift() { "$recipes/drift" -C "$org" "${1-$snap}"; }
apply() { "$recipes/apply" -C "$org" "$@" "$snap"; }

# gets COMMAND…: runs it, on a mount that has nothing cached. It changes nothing; $count says how many requests it made.
gets() {
	refresh
	api_clear
	run "$@"
	assert_changes
	count=$(requests | wc -l)
}

# state: what is held, in an order of its own.
state() { holdings | jq '.[].tokens[].grants |= (map(.accesses |= sort) | sort_by(.kind, .resource_name))'; }

start_emulator
add_tokens t 30
for name in ci dup dup -n "$odd" team/x none; do add_token "$name"; done
api_data '{"op": "add-token", "name": null}'
dup=$(api_state | jq -r '[.organizations[].tokens[] | select(.name == "dup")][0].id')
api_data "$(json op=grant token="$dup" database=blog access='["read_branch"]')"
for token in ci -n "$odd" team/x; do
	grant "$token" shop read_branch create_branch
	grant "$token" '' read_databases
done
start_mount

# --- snapshot ---

"$recipes/snapshot" -C "$org" "$snap"
assert_eq acme "$(cat "$snap/organization")"
assert_eq $'organization\nservice-tokens' "$(ls -A "$snap")"
assert_eq "$(ls "$tokens")" "$(ls "$snap/service-tokens")"
assert_eq $'create_branch\nread_branch' "$(cat "$snap/service-tokens/ci/databases/shop/permissions")"
assert_eq "$dup" "$(cat "$snap/service-tokens/dup@$dup/id")"
# It is what grep -r shows of the mount.
shown() { (cd "$1" && grep -r --include=id --include=permissions . . | sort); }
assert_eq "$(shown "$tokens")" "$(shown "$snap/service-tokens")"

# --- nothing differs ---

assert_eq '' "$(drift)"
assert_eq '' "$("$recipes/snapshot" -C "$org" -n "$snap")"
api_clear
assert_eq '' "$(apply -r -d)"
assert_changes

for list_accesses in present absent; do
	api_switch list_accesses "$list_accesses"
	gets grep -r . "$tokens"
	most=$count
	[[ $most -gt 0 ]] || fail 'grep made no request'
	for recipe in 'snapshot' 'drift' 'apply -r -d'; do
		read -ra command <<<"$recipe"
		gets "$recipes/${command[0]}" -C "$org" "${command[@]:1}" "$snap"
		[[ $count -le $most ]] || fail "$recipe: $count requests, and grep -r $most"
		assert_eq '0||' "$status|$output|$message" "$recipe"
	done
done
api_switch list_accesses present

# --- what differs is shown ---

before=$(state)
grant ci shop delete_branch delete_branch_password
revoke ci shop read_branch
grant ci blog read_branch
revoke "$odd" '' read_databases
grant team/x '' read_organization
refresh
cp -r "$snap" "$work/other"
run drift
assert_eq 1 "$status"
assert_eq "+ci/databases/blog/permissions:read_branch
-ci/databases/shop/permissions:read_branch
+ci/databases/shop/permissions:delete_branch
+ci/databases/shop/permissions:delete_branch_password
+team%2Fx/permissions:read_organization
-$odd/permissions:read_databases" "$output"
run "$recipes/snapshot" -C "$org" -n "$snap"
assert_eq 1 "$status"

# --- apply ---

api_clear
run apply -n
assert_eq 1 "$status"
planned="revoke  ci/databases/blog/permissions:read_branch
revoke  ci/databases/shop/permissions:delete_branch
revoke  ci/databases/shop/permissions:delete_branch_password
revoke  team%2Fx/permissions:read_organization
grant   ci/databases/shop/permissions:read_branch
grant   $odd/permissions:read_databases"
assert_eq "$planned" "$output"
assert_changes

# Nothing is taken away if something cannot be granted.
fault POST "$T/$(token_id "$odd")/access" status=422 body='{"code":"unprocessable","message":"No"}'
run apply -r
assert_eq "1|$planned" "$status|$output"
assert_contains "$message" 'nothing was taken away' 'answered 422'
assert_eq 0 "$(api_count DELETE '*')"

# Nothing without -r, and what was granted meanwhile is not to be done again.
run apply
assert_eq 1 "$status"
assert_contains "$message" 'to revoke needs -r; 4 left as they are'
assert_eq 0 "$(api_count DELETE '*')"
assert_eq read_databases "$(scopes_of "$odd")"
run apply -n
assert_eq $'revoke\nrevoke\nrevoke\nrevoke' "$(cut -d ' ' -f 1 <<<"$output")"

# One request a file; and all is as it was.
api_clear
run apply -r
assert_eq '0|' "$status|$message"
assert_eq 3 "$(changes | wc -l)"
assert_eq "$before" "$(state)"
assert_eq '' "$(drift)"

# What PlanetScale refuses to take away is said. (What this mount has just revoked would not be believed yet.)
grant ci shop write_backups
refresh
fault DELETE "$T/$(token_id ci)/access" status=403
run apply -r
assert_eq 1 "$status"
assert_contains "$message" 'Permission denied' 'HTTP 403'
apply -r >"$work/out"
assert_eq "$before" "$(state)"

# --- tokens that are new, and those that are gone ---

gone=$(token_id none)
delete_token none
add_token new
grant new shop delete_branch
refresh
run drift
assert_eq "+new/databases/shop/permissions:delete_branch
+new/id:$(token_id new)
-none/id:$gone" "$(sort <<<"$output")"
run apply -r
assert_eq 1 "$status"
assert_eq $'delete  new\ngone    none' "$output"
assert_contains "$message" 'needs -d' 'cannot be brought back'
assert_eq delete_branch "$(scopes_of new shop)"
run apply -d
assert_eq 1 "$status"
! token_exists new || fail 'not deleted'

# Another token takes the permissions of the one that is gone, once its id is in the snapshot.
echo 'read_branch, read_backups # as before' >"$work/text"
mkdir -p "$snap/service-tokens/none/databases/shop"
cp "$work/text" "$snap/service-tokens/none/databases/shop/permissions"
mkdir "$tokens/none"
cp "$tokens/none/id" "$snap/service-tokens/none/id"
apply >"$work/out"
assert_eq 'read_backups read_branch' "$(scopes_of none shop)"
assert_eq '' "$(drift)"

# A name that changes because another token has it too is the same token.
add_token ci
other=$(api_state | jq -r --arg known "$(cat "$snap/service-tokens/ci/id")" \
	'.organizations[].tokens[] | select(.name == "ci" and .id != $known).id')
refresh
run apply -r
assert_eq "delete  ci@$other" "$output"
apply -d >"$work/out"
! grep -q "$other" <<<"$(api_state)" || fail 'not deleted'
token_exists ci || fail 'the wrong one was deleted'

# The mount's own token is not deleted.
api_switch admin_token listed
refresh
run apply -d
assert_contains "$message" 'the mount itself uses this token'
api_switch admin_token hidden
refresh
assert_eq '' "$(drift)"

# --- what is no snapshot, or not of this organization ---

api_clear
for wrong in organization words ids none; do
	rm -rf "$work/other"
	cp -r "$snap" "$work/other"
	case $wrong in
	organization) echo other >"$work/other/organization" ;;
	words) echo -read_branch >"$work/other/service-tokens/ci/permissions" ;;
	ids) rm "$work/other/service-tokens/ci/id" ;;
	none) rm "$work/other/organization" ;;
	esac
	for recipe in drift 'apply -r -d'; do
		read -ra command <<<"$recipe"
		run "$recipes/${command[0]}" -C "$org" "${command[@]:1}" "$work/other"
		assert_eq '2|' "$status|$output" "$recipe, $wrong"
		assert_contains "$message" other
	done
done
run "$recipes/snapshot" -C "$org" "$work/other"
assert_eq 2 "$status"
assert_changes

# A second snapshot replaces the first, and what else is there stays.
mkdir "$snap/.git"
rm -r "$snap/service-tokens/ci"
mkdir "$snap/service-tokens/stale"
"$recipes/snapshot" -C "$org" "$snap"
assert_eq $'.git\norganization\nservice-tokens' "$(ls -A "$snap")"
assert_eq "$(shown "$tokens")" "$(shown "$snap/service-tokens")"
assert_gone "$snap/service-tokens/stale"
assert_eq '' "$(drift)"

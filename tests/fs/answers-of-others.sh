#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A proxy's page with 200, or a 202, is no answer of PlanetScale's: what was asked for is looked up
# before anything is reported or forgotten.
. "$(dirname "$0")/lib.sh"
start_emulator
add_token ci
grant ci shop create_branch read_branch
start_mount -o cache=0
F=$tokens/ci/databases/shop/permissions

# Done, whatever answered: found out by a read.
for how in page 202; do
	api_switch changes_answered "$how"
	echo delete_branch >>"$F"
	assert_eq 'create_branch delete_branch read_branch' "$(scopes_of ci shop)"
	echo -delete_branch >>"$F"
	assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
	api_switch changes_answered "$how-undone"
	api_clear
	assert_fails 'Remote I/O error' append "$F" delete_branch
	assert_contains "$(errors_last)" 'delete_branch is not granted'
	assert_fails 'Remote I/O error' append "$F" -read_branch
	assert_contains "$(errors_last)" 'read_branch is still granted'
	assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
	assert_eq $'create_branch\nread_branch' "$(cat "$F")"
	assert_eq 2 "$(changes | wc -l)" 'changes that were sent'
	[[ $(api_count GET "$T/*") -le 15 ]] || fail 'too many reads'
done

# The deletion of a token.
for how in page 202; do
	api_switch changes_answered really
	mkdir "$tokens/$how"
	api_switch changes_answered "$how-undone"
	assert_fails 'Remote I/O error' rm -r "${tokens:?}/$how"
	assert_contains "$(errors_last)" 'is still there'
	token_exists "$how" || fail 'deleted'
	[[ -d $tokens/$how ]] || fail 'it does not show'
	api_switch changes_answered "$how"
	rm -r "${tokens:?}/$how"
	! token_exists "$how" || fail 'not deleted'
	assert_gone "$tokens/$how"
done

# The creation of a token: its secret is lost, and its id is told.
api_switch changes_answered page
assert_fails 'Input/output error' mkdir "$tokens/lost"
assert_contains "$(errors_last)" "$(token_id lost)" 'its secret was lost'
api_switch changes_answered 202-undone
assert_fails 'Input/output error' mkdir "$tokens/never"
assert_contains "$(errors_last)" 'no token never appeared'
! token_exists never || fail 'made'

# A list is read from PlanetScale, or not at all.
api_switch changes_answered really
fault GET "$T" status=202 body='{"data":[]}'
assert_fails 'Remote I/O error' ls "$tokens"

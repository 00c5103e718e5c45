#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a person types, and what happens: each command in the table of pscalefs(5) is run as it
# stands there, and does what the text behind it says.
. "$(dirname "$0")/lib.sh"
. "$root/tests/examples.sh"

start_emulator
add_token ci
start_mount
allow_error .
declare -A tried=()

# Items of the page, each in backslashes and quotes as a person types it.
mapfile -t items < <(manual_items "$root/src/man/pscalefs.5" 'manual-table.sh runs each')
[[ ${#items[@]} -gt 10 ]] || fail "the table was not found"

# Each time another token of this name, made by somebody else: what was changed on this one a moment
# ago is known for some seconds, whatever others do to it.
prepare() { # SCOPE…
	delete_seen ci
	add_token ci
	grant ci shop "$@"
	grant ci blog delete_branch
	refresh
}

# type COMMAND EXIT BEFORE AFTER: as in a terminal, in the token's databases/shop.
type_command() {
	local before after=$4
	read -ra before <<<"$3"
	tried[$1]=yes
	grep -Fxq -- "$1" <(printf '%s\n' "${items[@]}") || fail "not in the manual: $1"
	prepare "${before[@]}"
	api_clear
	status=0
	(cd "$tokens/ci/databases/shop" && env -i PATH="$PATH" HOME="$work/home" LC_ALL=C \
		bash -c "$1" </dev/null >/dev/null 2>"$work/said") || status=$?
	[[ $((status > 0)) == "$2" ]] || fail "$1: exit status $status: $(cat "$work/said")"
	# What is left for the close that nobody waits for is done when the next one opens.
	: >>"$tokens/ci/databases/shop/permissions"
	assert_eq "$after" "$(scopes_of ci shop)" "$1"
	assert_eq delete_branch "$(scopes_of ci blog)" "$1, blog"
	rm -f "$tokens"/ci/databases/shop/permissions?*
}

# Nothing that is there before and after was away in between.
kept() { # SCOPE…
	local scope
	for scope; do
		assert_eq '' "$(api_events | jq -r --arg scope "$scope" '.[] | .removed[]? | select(. == $scope)')"
	done
}

both='create_branch delete_branch'
type_command 'echo read_branch >> permissions' 0 "$both" "$both read_branch"
type_command 'echo -read_branch >> permissions' 0 "read_branch $both" "$both"
type_command 'echo -read_branch > permissions' 0 "read_branch $both" "$both"
type_command 'echo read_branch > permissions' 0 "$both" read_branch
type_command 'echo read_branch > permissions && sync permissions' 0 "$both" read_branch
type_command "printf '%s\\n' read_branch create_branch > permissions" 0 "$both" 'create_branch read_branch'
kept read_branch create_branch
type_command '> permissions' 0 "$both" ''
type_command 'cp /dev/null permissions' 0 "$both" ''
type_command "echo '#' > permissions" 0 "$both" ''
type_command 'truncate -s 0 permissions' 0 "$both" ''
type_command 'cp ../blog/permissions permissions' 0 "create_branch read_branch" delete_branch
type_command 'sed -i /delete/d permissions' 0 "$both read_branch" 'create_branch read_branch'
kept read_branch create_branch
type_command 'sed /delete/d permissions > permissions' 0 "$both read_branch" 'create_branch read_branch'
kept read_branch create_branch
type_command "printf '%s\\n' /delete/d w q | ed -s permissions" 0 "$both read_branch" 'create_branch read_branch'
kept read_branch create_branch
type_command 'mv permissions permissions~' 0 "$both" "$both"
assert_changes
type_command 'rm permissions' 0 "$both" ''
type_command 'rm -r ../shop' 0 "$both" ''
type_command 'rmdir ../shop' 1 "$both" "$both"
assert_contains "$(cat "$work/said")" 'Directory not empty'
type_command 'echo read_brnach >> permissions' 1 "$both" "$both"
assert_contains "$(cat "$work/said")" 'Invalid argument'
assert_contains "$(errors_last)" read_branch
type_command 'echo read_branch > permisions' 1 "$both" "$both"
assert_contains "$(cat "$work/said")" 'Operation not permitted'

for item in "${items[@]}"; do
	[[ ${tried[$item]-} ]] || fail "in the manual, but not tried: $item"
done

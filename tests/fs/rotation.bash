# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2034,SC2154 # commands for another shell, what the tests set, and what lib.sh does
#
# For the tests of rotate-token: a token to rotate, the rotation, and what must be true wherever it has stopped.

rotate=$root/contrib/recipes/rotate-token
today=$(date +%Y%m%d)
rights='read_branch write_backups|read_databases' # of every token here
rotations=0

# next_rotation: a token of its own for each, because what this mount has changed stays known to it for a while.
# Sets $old and $new, their names.
next_rotation() {
	rotations=$((rotations + 1))
	old=ci$rotations new=ci$rotations-$today
	add_token "$old" secret="$(text "pscale_tkn_old_secret_$rotations")"
	grant "$old" shop read_branch write_backups
	grant "$old" '' read_databases
	old_header="Authorization: $(token_id "$old"):pscale_tkn_old_secret_$rotations"
	rm -f "$work/got"
	refresh
	ls "$tokens" "$org/databases" >/dev/null
	api_clear
}

# The command, which a person would choose: it stores the secret; only all of it counts.
store=(sh -c 'cat > "$0.new" && mv "$0.new" "$0"' "$work/got")

rotation() { "$rotate" -C "$org" "$@" -- "$old" -- "${store[@]}"; }

# works HEADER: it is a token's.
works() {
	[[ $(curl --silent --output /dev/null --write-out '%{http_code}' --header "$1" "$api_url/v1/organizations") == 200 ]]
}

rights_of() { echo "$(scopes_of "$1" shop)|$(scopes_of "$1")"; }

# new_header: of the secret that the command got.
new_header() { echo "Authorization: $(token_id "$new"):$(cat "$work/got")"; }

# whole NAME HEADER: the token works, with all its rights.
whole() { token_exists "$1" && [[ $(rights_of "$1") == "$rights" ]] && works "$2"; }

# check_stopped WHAT: there is a token that works, and, once the command has succeeded, it is the new one; until
# then it is the old one, and a new secret is not lost. Nothing faulty is in force any more.
check_stopped() {
	assert_lacks "$output$message" pscale_tkn
	if [[ -e $work/got ]]; then
		whole "$new" "$(new_header)" || fail "$1: the command got the secret of a token that does not do"
		assert_eq "$work/got" "$(ls "$work"/got*)" "$1: half a secret"
	else
		whole "$old" "$old_header" || fail "$1: the old token is not what it was"
	fi
}

# obey WHAT: does what the message says is left to do. Afterwards there is one token of the two.
obey() {
	local command
	refresh
	sed -n -E 's/^rotate-token: .*(to go on|then|remove it): //p' <<<"$message" >"$work/left"
	[[ -s $work/left ]] || fail "$1: no command in: $message"
	while read -r command; do
		bash -c "$command" || fail "$1: cannot do: $command"
	done <"$work/left"
	check_one "$1"
}

# check_both WHAT: none was deleted, and the new secret is where it should be.
check_both() {
	whole "$old" "$old_header" || fail "$1: the old token does not do"
	[[ -e $work/got ]] || cp "$tokens/$new/token" "$work/got"
	whole "$new" "$(new_header)" || fail "$1: the new token does not do"
}

# check_one WHAT: one of the two tokens is left, and it works.
check_one() {
	if [[ -e $work/got ]]; then
		whole "$new" "$(new_header)" || fail "$1: the new token does not do"
		! token_exists "$old" || fail "$1: the old token is still there"
	else
		whole "$old" "$old_header" || fail "$1: the old token does not do"
		! token_exists "$new" || fail "$1: the new token is still there"
	fi
}

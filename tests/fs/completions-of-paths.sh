#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A tab at each level of a mount costs the list of that level at most, once, in bash, zsh and fish; where the
# list does not say what tokens may do, what is below a token costs that token alone. It changes nothing, and
# leaves nothing in the error log.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/shells.bash"

mnt=$work/home/pscale
start_emulator
add_token ci
add_token deploy
grant ci shop read_branch
id=$(token_id ci)

# costs TYPED SHOWN [REQUEST…]: by the tab.
costs() {
	completes "$1" "$2"
	assert_requests "${@:3}"
	api_clear
}

in='cat ~/pscale'
descends() {
	start_mount
	api_clear
	costs 'cat ~/psca' "$in/"
	costs "$in/ac" "$in/acme/"
	costs "$in/acme/se" "$in/acme/service-tokens/"
	costs "$in/acme/service-tokens/dep" "$in/acme/service-tokens/deploy/" "GET $T"
	costs "$in/acme/service-tokens/c" "$in/acme/service-tokens/ci/"
	costs "$in/acme/service-tokens/ci/da" "$in/acme/service-tokens/ci/databases/"
	costs "$in/acme/service-tokens/ci/databases/sh" "$in/acme/service-tokens/ci/databases/shop/" "GET $A/databases"
	costs "$in/acme/service-tokens/ci/databases/shop/p" "$in/acme/service-tokens/ci/databases/shop/permissions"
	costs "$in/acme/service-tokens/ci/pe" "$in/acme/service-tokens/ci/permissions"
	costs "$in/acme/dat" "$in/acme/databases/"
	costs "$in/acme/databases/bl" "$in/acme/databases/blog/"
	costs "$in/acme/databases/blog/acc" "$in/acme/databases/blog/access"
	costs "$in/acme/au" "$in/acme/audit-log"
	costs 'cd ~/pscale/acme/service-tokens/ci/dat' 'cd ~/pscale/acme/service-tokens/ci/databases/'
	costs "$in/.psc" "$in/.pscalefs/"
	costs "$in/no-such/no-such/x" "$in/no-such/no-such/x"
	assert_eq '' "$(cat "$mnt/.pscalefs/errors")"
	stop_mount
}
each_shell descends

# At which tab the token is asked for depends on what the shell looks at.
descends_without_accesses() {
	start_mount
	api_clear
	completes "$in/acme/service-tokens/dep" "$in/acme/service-tokens/deploy/"
	completes "$in/acme/service-tokens/c" "$in/acme/service-tokens/ci/"
	assert_requests "GET $T"
	completes "$in/acme/service-tokens/ci/da" "$in/acme/service-tokens/ci/databases/"
	completes "$in/acme/service-tokens/ci/databases/sh" "$in/acme/service-tokens/ci/databases/shop/"
	completes "$in/acme/service-tokens/ci/databases/shop/p" "$in/acme/service-tokens/ci/databases/shop/permissions"
	completes "$in/acme/service-tokens/ci/pe" "$in/acme/service-tokens/ci/permissions"
	assert_eq "$(printf '%s\n' "GET $A/databases" "GET $T" "GET $T/$id" | sort)" "$(requests | sort)"
	assert_eq '' "$(cat "$mnt/.pscalefs/errors")"
	stop_mount
}
api_switch list_accesses absent
each_shell descends_without_accesses

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The table of failures in pscalefs(5): what PlanetScale answers, the error number, and what tools say.
. "$(dirname "$0")/lib.sh"
. "$root/tests/examples.sh"

start_emulator
start_mount -o timeout=1
allow_error .
mkdir "$tokens/ci"

# "400, …|EINVAL|Invalid argument"
mapfile -t rows < <(sed -n '/manual-errors.sh makes/,/^\.El/s/^\.It //p' "$root/src/man/pscalefs.5" |
	sed -e 's/ Ta Er / Ta /' -e 's/ Ta /|/g' -e 's/"//g')
[[ ${#rows[@]} -gt 10 ]] || fail "the table was not found"

# What the system says of an error number.
words_of() { perl -MErrno -e '$! = Errno->can(shift)->(); print "$!"' "$1"; }

fails() { # ROW STATUS BODY
	local name words
	IFS='|' read -r _ name words <<<"$1"
	refresh
	fault GET "$T" status="$2" count=0 body="$3"
	assert_fails "$words" ls "$tokens"
	assert_contains "$(errors_last)" "$name ($words): " "; HTTP $2"
	api_release
}

page=$(mandoc -T ascii "$root/src/man/pscalefs.5")
for row in "${rows[@]}"; do
	IFS='|' read -r what name words <<<"$row"
	assert_eq "$words" "$(words_of "$name")" "$name"
	grep -Eq "$what.* $words\$" <<<"$page" || fail "the page does not show: $row"
	case $what in
	'400, 422,'*)
		fails "$row" 400 '{"code":"bad_request","message":"No"}'
		fails "$row" 422 '{"code":"unprocessable","message":"No"}'
		;;
	'401, expired') fails "$row" 401 '{"code":"unauthorized","message":"The login has expired"}' ;;
	'5xx,'*)
		fails "$row" 500 '{}'
		fails "$row" 503 '<html>'
		;;
	404*) ;; # the tests of refusals and rights have it
	[1-5][0-9][0-9]*) fails "$row" "${what%%,*}" '{"code":"code","message":"No"}' ;;
	esac
done

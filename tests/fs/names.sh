#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every token has one file name, unique and decodable, whatever PlanetScale calls it.
. "$(dirname "$0")/lib.sh"

start_emulator
long=$(printf 'x%.0s' {1..300})
api_switch name_max 0
for name in plain 'with blank' team/ci .hidden 'a%41b' '100%' $'line\nbreak' $'tab\there' ünïcode dup dup "$long"; do
	add_token "$name"
done
api_data '{"op": "add-token", "name": null}'
ids_of() { api_state | jq -r --argjson name "$1" '.organizations[].tokens[] | select(.name == $name).id' | sort; }
mapfile -t dup < <(ids_of '"dup"')
unnamed=$(ids_of null)
start_mount

expected=(plain 'with blank' 'team%2Fci' '%2Ehidden' 'a%2541b' '100%' 'line%0Abreak' 'tab%09here' ünïcode
	"dup@${dup[0]}" "dup@${dup[1]}" "@$unnamed" "@$(ids_of "\"$long\"")")
assert_eq "$(printf '%s\n' "${expected[@]}" | sort)" "$(ls "$tokens" | sort)"

# None keeps the bare name that it shares, and each path is the token it says.
assert_gone "$tokens/dup" "$tokens/.hidden"
for id in "${dup[@]}"; do assert_eq "$id" "$(cat "$tokens/dup@$id/id")"; done
assert_eq team/ci "$(cat "$tokens/team%2Fci/name")"
assert_eq $'line\nbreak' "$(cat "$tokens/line%0Abreak/name")"
assert_eq "$unnamed" "$(cat "$tokens/@$unnamed/id")"
assert_eq '' "$(cat "$tokens/@$unnamed/name")"

# by-id leads to the same places, whatever the names.
for id in "$org"/by-id/*; do
	assert_eq "${id##*/}" "$(cat "$id/id")"
	assert_eq "$(stat -L -c %i "$id")" "$(stat -c %i "$tokens/$(basename "$(readlink "$id")")")"
done

# mkdir takes names written the same way.
api_clear
mkdir "$tokens/team%2Fnew" "$tokens/ö.1"
assert_changes "POST $T {\"name\":\"team/new\"}" "POST $T {\"name\":\"ö.1\"}"
assert_eq team/new "$(cat "$tokens/team%2Fnew/name")"

# What is not how a name is written is refused, and nothing is asked.
api_clear
for name in .git .Trash-1000 '.%2e' 'a%41' '%00' $'new\nline' $'bad\xff'; do
	assert_fails 'Invalid argument' mkdir "$tokens/$name"
done
assert_fails 'File name too long' mkdir "$tokens/${long:0:256}"
assert_fails 'File exists' mkdir "$tokens/plain"
assert_changes

# A second token of a name takes the bare name away from the first; when it goes, the name returns.
add_token plain
refresh
assert_gone "$tokens/plain"
assert_eq 2 "$(ls -d "$tokens"/plain@* | wc -l)"
for path in "$tokens"/plain@*; do
	rmdir "$path"
	break
done
assert_eq plain "$(cat "$tokens/plain/name")"

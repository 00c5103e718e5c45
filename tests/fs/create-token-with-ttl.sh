#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A token that expires is made by writing its name and life time to create-token, or with -o ttl=.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
file=$org/create-token

# seconds_left FILE: from creation to expiry.
life_s() {
	echo $(($(date -d "$(cat "$1/expires_at")" +%s) - $(date -d "$(cat "$1/created_at")" +%s)))
}

api_clear
echo 'ci ttl=90d' >"$file"
assert_changes "POST $T {\"name\":\"ci\",\"ttl\":7776000}"
assert_eq 7776000 "$(life_s "$tokens/ci")"
[[ -s $tokens/ci/token ]] || fail "no secret"

for pair in s45:45s m30:30m h12:12h w2:2w bare:3600; do
	echo "${pair%:*} ttl=${pair#*:}" >"$file"
done
assert_eq '45 1800 43200 1209600 3600' "$(for t in s45 m30 h12 w2 bare; do life_s "$tokens/$t"; done | paste -sd ' ')"

# Without a ttl it is a token that does not expire; quotes hold a name with blanks.
echo forever >"$file"
echo '"nightly build" ttl=1h' >"$file"
[[ -d "$tokens/nightly build" ]] || fail "no token with a blank in its name"
assert_eq '' "$(cat "$tokens/forever/expires_at")"

# The program that writes the line may outlive the one that opened the file.
(sh -c 'sleep 0.3; printf orphan' &) >"$file"
wait_for test -d "$tokens/orphan"

# What cannot be is refused before PlanetScale is asked for a change.
api_clear
assert_fails 'Invalid argument' overwrite "$file" 'bad ttl=soon'
assert_fails 'Invalid argument' overwrite "$file" 'bad ttl=0'
assert_fails 'Invalid argument' overwrite "$file" 'bad color=red'
assert_fails 'Invalid argument' overwrite "$file" 'ttl=90d'
assert_fails 'File exists' overwrite "$file" 'ci ttl=90d'
# A line that is too long makes no token of its beginning, nor of its end.
in_pieces() { { printf 'long%4000s' '' && printf '%200s ttl=90d\n' ''; } >"$1"; }
all_pieces() { perl -e 'open F, ">", shift; syswrite F, $_ for "x" x 4096, "y\n", "end\n"; exit 1' "$1"; }
assert_fails 'File too large' in_pieces "$file"
assert_fails '' all_pieces "$file"
assert_changes
assert_gone "$tokens/bad"

remount -o ttl=2h
mkdir "$tokens/short"
assert_eq 7200 "$(life_s "$tokens/short")"

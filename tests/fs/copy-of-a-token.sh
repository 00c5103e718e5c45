#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# cp -r of a token's databases gives another token the same rights, and says so if it could not.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
add_token new
grant ci shop create_branch read_branch
grant ci blog read_branch
start_mount

cp -r "$tokens/ci/databases" "$tokens/new/"
assert_eq 'create_branch read_branch' "$(scopes_of new shop)"
assert_eq read_branch "$(scopes_of new blog)"
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"

# Again, over what is there; and to a token that is made for it.
revoke new shop read_branch
grant new shop delete_branch
refresh
cp -r "$tokens/ci/databases" "$tokens/new/"
assert_eq 'create_branch read_branch' "$(scopes_of new shop)"
mkdir "$tokens/third"
cp -r "$tokens/ci/databases" "$tokens/third/"
assert_eq 'create_branch read_branch' "$(scopes_of third shop)"

add_token fourth
refresh
fault POST "$T/$(token_id fourth)/access" status=500 count=0
assert_fails 'Remote I/O error' cp -r "$tokens/ci/databases" "$tokens/fourth/"
assert_eq '' "$(scopes_of fourth shop)"

# As every cp -r does it: those of GNU and busybox, and that of uutils, which opens its target twice, in three
# versions (0.0.17 or 0.0.30 is the Debian package; tools/calls.py says how 0.2 and 0.8 do it).
ways=(
	'cp -r'
	'busybox cp -r'
	'/usr/bin/coreutils cp -r'
	"python3 -I $root/tests/fs/tools/calls.py uutils_cp_r"
)
for way in "${ways[@]}"; do
	read -ra command <<<"$way"
	for kind in granted refused; do
		add_token "$kind"
		grant "$kind" shop delete_branch read_branch
	done
	refresh
	api_clear
	"${command[@]}" "$tokens/ci/databases" "$tokens/granted/"
	sync "$tokens/granted/databases/shop/permissions"
	assert_eq 'create_branch read_branch' "$(scopes_of granted shop)" "$way"
	assert_eq read_branch "$(scopes_of granted blog)" "$way"
	# read_branch was there all the time.
	assert_eq delete_branch "$(api_events | jq -r '[.[].removed[]] | join(" ")')" "$way"

	# A word that is refused changes nothing.
	fault POST "$T/$(token_id refused)/access" status=422 count=0
	assert_fails 'Invalid argument' "${command[@]}" "$tokens/ci/databases" "$tokens/refused/"
	assert_eq 1 "$status" "$way"
	assert_eq 'delete_branch read_branch' "$(scopes_of refused shop)" "$way"
	assert_eq '' "$(scopes_of refused blog)" "$way"
	api_release
	delete_seen granted refused
done

# Modes, owners, times and access control lists of directories cannot be copied, and that is no error.
for way in 'cp -a' 'cp -rp' 'busybox cp -a' 'rsync -aA' 'tar'; do
	mkdir "$tokens/kept"
	case $way in
	tar) tar --acls -C "$tokens/ci" -cf - databases | tar --acls -C "$tokens/kept" -xpf - ;;
	*)
		read -ra command <<<"$way"
		"${command[@]}" "$tokens/ci/databases" "$tokens/kept/"
		;;
	esac
	assert_eq 'create_branch read_branch' "$(scopes_of kept shop)" "$way"
	assert_eq read_branch "$(scopes_of kept blog)" "$way"
	rm -rf "$tokens/kept"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# As long as it is fresh, the kernel itself answers what was asked before; what this mount changes shows at
# once nevertheless, through every path and to every process, and what others change after the cache time.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/asked.bash"

start_emulator
add_token ci
add_token idle
grant ci shop read_branch
start_mount -d -o cache=600
file=$tokens/ci/databases/shop/permissions
constant=$tokens/ci/id
look() {
	stat -c '%s %Y' "$file" "$org/databases/shop/access" "$tokens/ci/info.json"
	cat "$constant" "$file"
	ls -l "$tokens" "$org/by-id" "$org/databases/shop/service-tokens"
}

# A second look at names, attributes and what never changes costs nothing but the open of a file. The close
# of a reader is no message either.
# (A read makes the kernel ask for the time of the last access once more: hence the stat.)
look >/dev/null
stat "$file" "$constant" >/dev/null
assert_eq '' "$(asked_by stat "$file" "$constant" "$tokens/ci" "$org/databases/shop/access")"
assert_eq open "$(asked_by cat "$constant")"
assert_eq $'open\nread' "$(asked_by cat "$file")"

# Nor does a list that a process reads again, once the removal guard knows of it: the second time
# the kernel keeps what it reads. Who reads `by-id` is of no interest to the guard, so it is kept at once.
read_again() {
	asked_by python3 -c 'import os, sys
for _ in range(int(sys.argv[2])): assert len(os.listdir(sys.argv[1])) >= 2' "$@" >/dev/null
	grep dir "$work/asked" | tr '\n' ' '
}
assert_eq 'opendir readdir readdir opendir readdir readdir opendir opendir ' "$(read_again "$tokens" 4)"
assert_eq 'opendir readdir readdir opendir ' "$(read_again "$org/by-id" 2)"

# A process that has cached everything sees each change of this mount as soon as it is reported as done.
# One process, a shell, so that nothing is looked up anew: what it runs has been run before.
has_size() { [[ $(stat -c %s "$file") == "$1" ]]; }
sizes() { stat -c '%s' "$file" "$org/databases/shop/access" "$tokens/ci/info.json" | tr '\n' ' '; }
changes_seen() {
	local before=$1
	shift
	"$@"
	[[ $(sizes) != "$before" ]] || fail "not seen: $*"
}
for i in {1..20}; do
	changes_seen "$(sizes)" append "$file" create_branch
	assert_eq $'create_branch\nread_branch' "$(cat "$file")"
	assert_contains "$(cat "$org/databases/shop/access")" $'ci\tcreate_branch read_branch'
	changes_seen "$(sizes)" overwrite "$file" read_branch
	assert_eq read_branch "$(cat "$file")"
	mkdir "$tokens/new$i"
	id=$(cat "$tokens/new$i/id")
	assert_eq "../service-tokens/new$i" "$(readlink "$org/by-id/$id")"
	echo read_branch >>"$tokens/new$i/databases/shop/permissions"
	assert_eq "new$i" "$(basename "$(readlink "$org/databases/shop/service-tokens/new$i")")"
	stat "$tokens/new$i/databases/shop/permissions" >"$work/seen"
	rm -r "$tokens/new$i"
	assert_gone "$tokens/new$i" "$org/by-id/$id" "$org/databases/shop/service-tokens/new$i"
	assert_eq $'ci\tread_branch' "$(cat "$org/databases/shop/access")"
	echo "made$i" >"$org/create-token"
	[[ -d $tokens/made$i ]] || fail "made$i is not there"
	rm -r "$tokens/made$i"
done

# While it is open for writing, its size is that of the text for the writer, and of what is granted for all.
exec 3>>"$file"
echo '# note' >&3
assert_eq "$(wc -c <"$file")" "$(stat -c %s "$file")"
exec 3>&-

# refresh, touch and SIGHUP make the kernel forget what others have changed.
forgets() {
	look >/dev/null
	grant ci shop delete_branch
	"$@"
	assert_eq $'delete_branch\nread_branch' "$(cat "$file")"
	assert_eq 26 "$(stat -c %s "$file")"
	revoke ci shop delete_branch
	"$@"
	assert_eq 12 "$(stat -c %s "$file")"
}
forgets refresh
forgets touch "$mnt"
forgets touch "$org"
look >/dev/null
delete_token idle
refresh
assert_gone "$tokens/idle"

# Without a cache each look asks.
remount -d -o cache=0
look >/dev/null
assert_contains "$(asked_by stat "$file")" getattr
grant ci shop delete_branch
assert_eq 26 "$(stat -c %s "$file")"
revoke ci shop delete_branch
assert_eq 12 "$(stat -c %s "$file")"

# With one, what others change is seen when it has expired.
remount -o cache=2
look >/dev/null
grant ci shop delete_branch
add_token late
wait_for has_size 26
wait_for test -d "$tokens/late"
assert_eq $'delete_branch\nread_branch' "$(cat "$file")"

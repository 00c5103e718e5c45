#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A process that reads token after token has the next ones fetched in advance; one that needs a single token
# has nothing else fetched. What cannot be fetched in advance is asked for again by whoever needs it.
. "$(dirname "$0")/lib.sh"

start_emulator
api_switch list_accesses absent
api_data "$(jq -n '[range(10; 90) | {op: "add-token", name: "token-\(.)"}]')"
grant token-15 '' read_organization
start_mount -o cache=600,rate=0

# begin: nothing is known of a token but its name.
begin() {
	refresh
	ls "$tokens" "$org/databases" >/dev/null
	api_clear
}

# files FROM TO: their files of permissions.
files() { seq -f "$tokens/token-%g/permissions" "$1" "$2"; }

# asked: how many requests for a token were made.
asked() { api_count GET "$T/*"; }
have_asked() { [[ $(asked) -eq $1 ]]; }

# Ways to read all of them.
grep_all() { grep -r . "$tokens"; }
find_all() { find "$tokens"; }
expand_all() { cat "$tokens"/*/permissions; }
backwards() { files 10 89 | tac | xargs cat; }
pairs_swapped() { files 10 89 | sed 'N; s/\(.*\)\n\(.*\)/\2\n\1/' | xargs cat; }

# One file, and the attributes of all directories.
begin
cat "$tokens/token-15/permissions" >/dev/null
assert_eq 1 "$(asked)"
ls -l "$tokens" >/dev/null
assert_eq 1 "$(asked)" 'ls -l'

# Two processes, a file each, are no sign that more will be read.
cat "$tokens/token-16/permissions" >/dev/null
assert_eq 2 "$(asked)" 'two processes'

# The second token of a process: with it the next four, none of which has to be read for that.
begin
files 20 21 | xargs cat >/dev/null
wait_for have_asked 6
files 22 25 | xargs -n 1 cat >/dev/null
assert_eq 6 "$(asked)" 'known already'

# They are under way together. The one that is needed first waits for its answer, and not for the others'.
begin
fault GET "$T/*" silence=true apply=true skip=1 count=5
mapfile -t seven < <(files 30 36)
start_blocked cat "${seven[@]}"
wait_for have_asked 6
api_release
status_of "$reader"
assert_eq 0 "$status"

# All at once, each asked for once, in whatever order a program reads.
for command in grep_all find_all expand_all backwards pairs_swapped; do
	begin
	"$command" >"$work/out"
	assert_eq 80 "$(asked)" "$command"
	assert_eq 80 "$(api_log | jq '[.[].path] | unique | length')" "$command"
done

# A list that has what tokens may do leaves nothing to fetch.
api_switch list_accesses present
begin
grep -r . "$tokens" >/dev/null
assert_eq 0 "$(asked)"
api_switch list_accesses absent

# A failure of what nobody needs yet is nobody's: no line in the error log, and it is asked for again.
begin
fault GET "$T/$(token_id token-53)" status=500
fault GET "$T/$(token_id token-54)" status=404
fault GET "$T/$(token_id token-55)" close=before count=3
files 50 52 | xargs cat >/dev/null
wait_for requested GET "$T/$(token_id token-55)"
files 53 60 | xargs cat >/dev/null
assert_eq '' "$(cat "$mnt/.pscalefs/errors")"

# Deleted or changed after it was fetched in advance, by this mount: both show at once.
begin
files 20 21 | xargs cat >/dev/null
wait_for have_asked 6
rm -r "$tokens/token-22"
assert_gone "$tokens/token-22"
echo read_organization >>"$tokens/token-23/permissions"
assert_eq read_organization "$(cat "$tokens/token-23/permissions")"

# Without a cache nothing that is fetched in advance could serve.
remount -o cache=0,rate=0
ls "$tokens" >/dev/null
api_clear
files 30 39 | xargs cat >/dev/null
assert_eq '' "$(api_log | jq -r --arg id "$T/$(token_id token-40)" '.[] | select(.path == $id)')"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# ^C in "cat > permissions", or whatever else kills the writer: what was typed so far is granted, but
# nothing is revoked for half a text.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch connect_branch
start_mount
file=$tokens/ci/databases/shop/permissions
ls "$tokens" "$org/databases" >/dev/null

exec_cat() {
	ulimit -c 0
	exec env --default-signal cat <"$1" >"$file"
}

for signal in INT TERM KILL HUP QUIT ABRT SEGV PIPE ALRM USR1; do
	mkfifo "$work/typed.$signal"
	# What opens the file is what is killed: one process, as under a terminal.
	exec_cat "$work/typed.$signal" &
	writer=$!
	exec 3>"$work/typed.$signal"
	echo read_branch >&3
	echo create_branch >&3
	granted() { [[ $(scopes_of ci shop) == *create_branch* ]]; }
	wait_for granted
	kill -"$signal" "$writer"
	status_of "$writer"
	exec 3>&-
	# The release comes after the death; a commit under way would make this open wait.
	: >>"$file"
	assert_eq 'connect_branch create_branch read_branch' "$(scopes_of ci shop)" "$signal"
	echo -create_branch >>"$file"
done

# A writer that dies of something else than the file: tee, whose reader goes away.
mkfifo "$work/lines" "$work/copy"
env --default-signal=PIPE tee "$file" <"$work/lines" >"$work/copy" &
writer=$!
exec 3>"$work/lines" 4<"$work/copy"
echo read_branch >&3
read -r <&4
exec 4<&-
echo create_branch >&3
status_of "$writer"
exec 3>&-
: >>"$file"
assert_contains "$(scopes_of ci shop)" 'connect_branch'

# A child that is killed takes with it what it has written a part of, and sync says so; one that wrote
# nothing does not matter.
both='connect_branch create_branch read_branch'
allow_error ECANCELED
{
	sh -c 'echo read_branch; kill -KILL $$' || true
	echo create_branch
} >"$file" 2>/dev/null
assert_eq "$both" "$(scopes_of ci shop)"
assert_fails 'Operation canceled' sync "$file"
assert_contains "$(errors_last)" ECANCELED
sync "$file"
{
	sh -c 'kill -KILL $$' || true
	echo create_branch
} >"$file" 2>/dev/null
sync "$file"
assert_eq create_branch "$(scopes_of ci shop)"

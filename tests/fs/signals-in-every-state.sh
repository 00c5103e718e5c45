#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Whatever state a change is in, ^C and SIGKILL free its caller at once, and what happens to the change is
# what its state says: queued or not yet sent, nothing; sent, all of it. Signals that end nobody disturb nothing.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
allow_error .
id=$(token_id ci)
file=$tokens/ci/databases/shop/permissions
cat "$file" "$org/databases/shop/id" >/dev/null

# ended SIGNAL PID: it is freed at once. Disowned, so that the shell says nothing of its end.
ended() {
	disown "$2"
	kill -"$1" "$2"
	wait_for process_ended "$2"
}

# start_grant SCOPE: in the background; its pid is in $reader.
start_grant() {
	# shellcheck disable=SC2016 # the inner shell expands it
	env --default-signal bash -c 'exec 2>/dev/null; exec >>"$2"; echo "$1"' grant "$1" "$file" &
	reader=$!
}
not_there() { ! stat "$1"; }
waits() { [[ $(sed 's/.*) //' "/proc/$1/stat") == [SD]* ]] && [[ $(cat "/proc/$1/wchan") =~ fuse|request_wait ]]; }

for signal in INT KILL TERM HUP; do
	# Sent: it goes on without its caller, and is true when it is answered.
	api_clear
	hold POST "$T/$id/access"
	start_grant read_branch
	first=$reader
	wait_for requested POST "$T/$id/access"
	# Queued behind it: never sent.
	start_grant delete_branch
	second=$reader
	wait_for waits "$second"
	ended "$signal" "$second"
	ended "$signal" "$first"
	assert_eq 1 "$(api_count POST "$T/$id/access")" "$signal"
	api_release
	# A command that comes after waits for the one that goes on.
	append "$file" connect_branch
	assert_eq 'connect_branch read_branch' "$(scopes_of ci shop)" "$signal"
	append "$file" '-connect_branch -read_branch'
done

# Parked on the open's fetch, before anything was asked for: nothing is sent.
for signal in INT KILL; do
	api_switch list_accesses absent
	refresh
	ls "$tokens" >/dev/null
	api_clear
	hold GET "$T/$id"
	start_grant read_branch
	wait_for requested GET "$T/$id"
	ended "$signal" "$reader"
	api_release
	assert_changes
	api_switch list_accesses present
	refresh
	assert_eq '' "$(cat "$file")"
done

# rmdir and mkdir that were sent: done, whoever listens.
for signal in INT KILL; do
	mkdir "$tokens/gone"
	gone=$(token_id gone)
	rm "$tokens/gone/token"
	api_clear
	hold DELETE "$T/$gone"
	start_blocked rmdir "$tokens/gone"
	wait_for requested DELETE "$T/$gone"
	ended "$signal" "$reader"
	api_release
	wait_for not_there "$tokens/gone"
	assert_gone "$tokens/gone"
	! token_exists gone || fail "still there"

	hold POST "$T"
	start_blocked mkdir "$tokens/kept"
	wait_for requested POST "$T"
	ended "$signal" "$reader"
	api_release
	wait_for test -s "$tokens/kept/token"
	assert_eq "$(token_id kept)" "$(cat "$tokens/kept/id")"
	rm -r "$tokens/kept"
done

# Stopped and continued, with a handler or without: the command goes on as if nothing had been.
for signals in 'TSTP CONT' 'STOP CONT' WINCH 'USR1 USR2 ALRM'; do
	api_clear
	hold POST "$T/$id/access"
	bash -c 'trap : USR1 USR2 ALRM; echo read_branch >>"$1" && echo went on' with-handlers "$file" >"$work/went" 2>&1 &
	reader=$!
	wait_for requested POST "$T/$id/access"
	for signal in $signals; do kill -"$signal" "$reader"; done
	assert_eq shop "$(cd "$org/databases" && echo shop)"
	api_release
	status_of "$reader"
	assert_eq '0 went on' "$status $(cat "$work/went")" "$signals"
	assert_eq 1 "$(api_count POST "$T/$id/access")" "$signals"
	append "$file" -read_branch
done

# Stopped, then ended: it has not been continued, and is gone all the same.
api_clear
hold POST "$T/$id/access"
start_grant read_branch
wait_for requested POST "$T/$id/access"
kill -TSTP "$reader"
ended KILL "$reader"
api_release
append "$file" connect_branch
assert_eq 'connect_branch read_branch' "$(scopes_of ci shop)"
append "$file" '-connect_branch -read_branch'

# A caller that is stopped with the file open for writing is in nobody's way.
bash -c 'exec 3>>"$1"; echo open; read -r _; echo read_branch >&3' stopped "$file" >"$work/went" < <(sleep 30) &
reader=$!
wait_for grep -q open "$work/went"
kill -STOP "$reader"
append "$file" create_branch
assert_eq create_branch "$(cat "$file")"
mkdir "$tokens/other"
rm -r "$tokens/other"
ended KILL "$reader"
assert_eq create_branch "$(scopes_of ci shop)"

# Whoever was ended is not listed as a failure of the mount.
assert_lacks "$(cat "$mnt/.pscalefs/errors")" EINTR Interrupted

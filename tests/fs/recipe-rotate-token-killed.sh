#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# rotate-token, ended by a signal while any of its requests or the command is under way: there is always a token
# that works, no secret is lost, and it says what is left to do; or, if it was killed, the next run does.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rotation.bash"

exec 2>>"$work/shell" # bash says that a job was killed
allow_error .
start_emulator
start_mount -o timeout=20

# idle: no request is under way.
idle() { ! grep -E '^requests (running|waiting): *[1-9]' "$mnt/.pscalefs/status"; }

# arrived N: so many requests were sent before the last one.
arrived() { [[ $(requests | wc -l) -gt $1 ]]; }

# start: as at a terminal, in a process group of its own.
start() {
	setsid env --default-signal "$rotate" -C "$org" "$old" -- "$@" >"$work/run.out" 2>"$work/run.err" &
	script=$!
}

# stop HOW: ^C signals the group, as a terminal does; TERM and HUP only the script; KILL all.
stop() {
	case $1 in
	INT | KILL) kill -"$1" -- "-$script" ;;
	*) kill -"$1" "$script" ;;
	esac
}

stopped() {
	status_of "$script"
	message=$(cat "$work/run.err")
	output=$(cat "$work/run.out")
}

# after HOW WHAT: what must be true once it has ended.
after() {
	check_stopped "$2"
	if [[ $1 == KILL ]]; then
		assert_eq 137 "$status" "$2"
		after_kill "$2"
		return
	fi
	[[ $status -ne 0 ]] || fail "$2: status 0"
	if [[ $message == *stopped.* ]]; then
		assert_contains "$message" "interrupted by SIG$1"
		[[ $status -gt 128 ]] || fail "$2: status $status"
		obey "$2"
	else
		# Before the first change, or after the last.
		assert_eq "$((128 + $(kill -l "$1")))" "$status" "$2: $message"
		check_one "$2"
	fi
}

# The next run tells, and does nothing.
after_kill() {
	refresh
	if token_exists "$old" && token_exists "$new"; then
		api_clear
		run rotation
		assert_eq 2 "$status" "$1"
		assert_contains "$message" "$new exists already" "$old"
		assert_changes
		if [[ ! -e $work/got ]]; then
			# The secret, if it was not stored, is still in the mount.
			[[ -s $tokens/$new/token ]] || fail "$1: the new secret is lost"
			rm -r "${tokens:?}/$new"
		else
			rm -r "${tokens:?}/$old"
		fi
	fi
	check_one "$1"
}

next_rotation
run rotation
assert_eq 0 "$status" "$message"
mapfile -t all < <(requests)
[[ ${#all[@]} -ge 7 ]] || fail "only ${#all[@]} requests"

for how in INT TERM KILL; do
	for at in "${!all[@]}"; do
		[[ $how == INT || ${all[at]} != GET* ]] || continue
		what="$how at request $at (${all[at]})"
		next_rotation
		fault '*' '/v1/*' skip="$at" apply=true silence=true
		start "${store[@]}"
		wait_for arrived "$at"
		stop "$how"
		[[ $how == TERM ]] || wait_for process_ended "$script"
		api_release
		stopped
		# What was sent may be done a moment later.
		wait_for idle
		after "$how" "$what"
	done
done

# While the command runs: it has the secret, or has not.
for how in INT TERM HUP KILL; do
	for when in before after; do
		what="$how $when the command has stored it"
		next_rotation
		mkfifo "$work/go"
		# shellcheck disable=SC2016 # the dollars are the command's
		if [[ $when == before ]]; then
			start sh -c 'trap "" TERM HUP; echo >"$0.began"; read -r _ <"$1"' "$work/got" "$work/go"
		else
			start sh -c 'cat >"$0.new"; mv "$0.new" "$0"; echo >"$0.began"; read -r _ <"$1"' "$work/got" "$work/go"
		fi
		wait_for test -e "$work/got.began"
		stop "$how"
		[[ $how == INT || $how == KILL ]] || echo >"$work/go"
		stopped
		rm -f "$work/go" "$work/got.began"
		if [[ $how == KILL ]]; then
			after KILL "$what"
		else
			assert_contains "$message" "interrupted by SIG$how" "to go on: sh" "rm -rf $tokens/$old"
			check_both "$what"
		fi
	done
done

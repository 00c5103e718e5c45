#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# However pscalefs run ends, it leaves no process, no mount and no directory; signals reach the command.
#
# shellcheck disable=SC2016,SC2086 # what the command expands; options are words
. "$(dirname "$0")/runs.bash"

# Another test may run it too.
runs_still() {
	local pid
	for pid in $(pgrep -f "^$program run" || true); do
		! grep -q -s -z "^TMPDIR=$work/tmp" "/proc/$pid/environ" || return 0
	done
	return 1
}

nothing_left() {
	[[ ! $(ls -A "$work/tmp") ]] && ! grep -q " $work/tmp/" /proc/self/mountinfo && ! pgrep -f "$work/tmp" >/dev/null &&
		! runs_still
}

# start_run [OPTION…] COMMAND…: returns once the command runs (it makes the file $work/ready). The runner's
# pid is left in $runner, that of its child that mounts in $mounter.
start_run() {
	rm -f "$work/ready"
	"${command[@]}" run "$@" >"$work/out" 2>"$work/err" &
	runner=$!
	wait_for test -e "$work/ready"
	mounter=$(pgrep -P "$runner" -f "^$program run" || true)
}

waiter='trap "echo TERM >>$work/got; exit 3" TERM; trap "echo HUP >>$work/got" HUP; trap "echo INT >>$work/got" INT
	trap "echo USR1 >>$work/got" USR1; : >"$work/ready"; while :; do sleep 0.02; done'

got() { [[ $(xargs <"$work/got") == "$1" ]]; }

for options in '' --no-namespace '-o sandbox=off'; do
	# Sent to pscalefs alone, they are passed on.
	rm -f "$work/got"
	start_run $options bash -c "$waiter"
	passed=
	for signal in HUP INT USR1 TERM; do
		kill -"$signal" "$runner"
		passed+="${passed:+ }$signal"
		wait_for got "$passed"
	done
	status_of "$runner"
	assert_eq "3 ''" "$status '$(cat "$work/err")'"
	nothing_left || fail "left after TERM: $(ls "$work/tmp")"

	# The command is killed.
	start_run $options bash -c "$waiter"
	kill -KILL "$(pgrep -P "$runner" bash)"
	status_of "$runner"
	assert_eq 137 "$status"
	nothing_left || fail "left after the command was killed: $(ls "$work/tmp")"

	# pscalefs is killed: the command gets TERM, and the mount goes.
	rm -f "$work/got"
	start_run $options bash -c "$waiter"
	kill -KILL "$runner"
	status_of "$runner"
	assert_eq 137 "$status"
	wait_for got TERM
	wait_for nothing_left

	# The process that mounts is killed: the tree is dead, not empty; and success is none.
	start_run $options sh -c ': >"$work/ready"; until [ -e "$work/go" ]; do sleep 0.01; done
		ls "$PSCALEFS" || true'
	kill -KILL "$mounter"
	wait_for process_ended "$mounter"
	: >"$work/go"
	status_of "$runner"
	rm "$work/go"
	assert_eq 125 "$status"
	assert_contains "$(cat "$work/err")" 'Transport endpoint is not connected' 'the mount ended by signal 9'
	wait_for nothing_left

	# Both are killed at once.
	start_run $options bash -c "$waiter"
	kill -KILL "$mounter" "$runner"
	status_of "$runner"
	if [[ $options != *sandbox=off* ]]; then
		wait_for nothing_left
	else # there is no third process
		wait_for process_ended "$mounter"
		find "$work/tmp" -mindepth 1 -maxdepth 1 -exec rmdir {} +
	fi

	# Before the command has begun.
	for signal in TERM INT KILL; do
		hold GET /v1/organizations
		api_clear
		"${command[@]}" run $options touch "$work/mark" 2>"$work/err" &
		runner=$!
		wait_for requested GET /v1/organizations
		kill -"$signal" "$runner"
		status_of "$runner"
		case $signal in
		TERM) assert_eq 143 "$status" ;;
		INT) assert_eq 130 "$status" ;;
		KILL) assert_eq 137 "$status" ;;
		esac
		api_release
		if [[ $options != *sandbox=off* || $signal != KILL ]]; then
			wait_for nothing_left
		else
			find "$work/tmp" -mindepth 1 -maxdepth 1 -exec rmdir {} +
		fi
	done
	assert_gone "$work/mark"
done

# Processes that the command leaves behind keep nothing alive.
start_run bash -c 'cd "$PSCALEFS" && (exec 3<acme/info.json; : >"$work/ready"; exec sleep 100) >/dev/null 2>&1 &
	echo $! >"$work/orphan"; until [ -e "$work/ready" ]; do :; done'
status_of "$runner"
assert_eq 0 "$status"
assert_eq '' "$(ls -A "$work/tmp")"
kill -KILL "$(cat "$work/orphan")"

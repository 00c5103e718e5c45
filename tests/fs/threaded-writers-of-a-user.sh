#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A normal user's daemon may not look into every process. A program of many threads still counts when it
# ends by itself; where /proc does not tell the daemon whether it was killed, nothing is revoked, and sync and
# errors say so.
# shellcheck disable=SC2016 # what a person types is expanded by the person's shell
[[ $EUID -ne 0 ]] || . "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

user=() place=$work program=$release_build/src/pscalefs
threaded=$build/tests/threaded-writer
if [[ $EUID -eq 0 ]]; then
	own_dev
	user=(setpriv --reuid=65534 --regid=65534 --clear-groups) # nobody
	mount -t tmpfs -o mode=0755 tmpfs /mnt
	place=/mnt/user PATH=/usr/sbin:/usr/bin:/sbin:/bin
	mkdir -m 0755 "$place"
	cp "$program" "$place/pscalefs"
	cp "$threaded" "$place/threaded-writer"
	chown -R 65534:65534 "$place"
	program=$place/pscalefs threaded=$place/threaded-writer
fi
mnt=$place/mnt tokens=$mnt/acme/service-tokens
file=$tokens/ci/databases/shop/permissions

start_emulator
add_token ci
"${user[@]}" mkdir "$mnt"
wrapper=(prlimit --memlock=8388608:8388608 "${user[@]}" env HOME="$place")
start_mount -o rate=0

# writes COMMAND…: into the file, as the one process that opens it, and sync asks. Its status: sync's, or
# the writer's if that failed.
writes() {
	"${user[@]}" env --chdir=/ --default-signal file="$file" sh -c '
		echo create_branch >"$file" && sync "$file" || exit 3
		sh -c '\''exec "$@" >"$file"'\'' sh "$@" && sync "$file"' sh "$@"
}

# killed WHAT: the writer was, and has taken nothing away.
killed() {
	[[ $status -gt 128 ]] || fail "$1: the signal did not kill it: $status"
	"${user[@]}" sh -c ': >>"$1"' sh "$file" # a commit under way would make this open wait
	assert_eq 'create_branch read_branch' "$(scopes_of ci shop)" "$1"
}

for who in main thread alone; do
	for _ in $(seq 5); do
		writes "$threaded" "$who" exit read_branch || fail "$who: $?"
		assert_eq read_branch "$(scopes_of ci shop)" "$who"
	done
	for signal in TERM KILL SEGV; do
		run writes "$threaded" "$who" "$(kill -l "$signal")" $'read_branch\n'
		killed "$who $signal"
	done
done

# told_or_done COMMAND…: it ends by itself.
told_or_done() {
	local granted
	run writes "$@"
	granted=$(scopes_of ci shop)
	if [[ $status -eq 0 ]]; then
		assert_eq read_branch "$granted" "$*"
	else
		assert_contains "$message" 'Operation canceled'
		assert_contains "$granted" create_branch
		assert_contains "$("${user[@]}" tail -n 1 "$mnt/.pscalefs/errors")" \
			'cannot be seen whether' ECANCELED
	fi
}

# unseen_ends [VARIABLE=VALUE]: of programs that the daemon may not look into.
unseen_ends() {
	local who signal
	for who in main thread alone; do
		for _ in $(seq 5); do
			told_or_done env "$@" "$threaded" "$who" exit read_branch
		done
		for signal in TERM KILL SEGV; do
			run writes env "$@" "$threaded" "$who" "$(kill -l "$signal")" $'read_branch\n'
			killed "$* $who $signal"
		done
	done
}

allow_error ECANCELED
unseen_ends HIDDEN=1
if [[ $EUID -eq 0 ]]; then
	user+=(--inh-caps=+net_raw --ambient-caps=+net_raw) # which the daemon has not
	unseen_ends
	# Where /proc hides such a process altogether, it may only read, also with a file that it was given.
	mount -t proc -o hidepid=invisible proc /proc
	user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	run writes env HIDDEN=1 "$threaded" main exit $'read_branch\n'
	assert_eq 1 "$status"
	assert_eq create_branch "$(scopes_of ci shop)"
	assert_contains "$("${user[@]}" tail -n 1 "$mnt/.pscalefs/errors")" EPERM 'cannot be seen from here'
	writes "$threaded" main exit read_branch
	assert_eq read_branch "$(scopes_of ci shop)"
fi

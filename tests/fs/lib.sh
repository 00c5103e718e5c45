# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # much here is for the tests
#
# What a mount test stands on. A test is one script for one behaviour:
#
#   #!/usr/bin/env bash
#   # One sentence: the behaviour.
#   . "$(dirname "$0")/lib.sh"
#   start_emulator
#   start_mount
#   assert_eq ...
#
# It ends with the script: whatever happens, this file unmounts, ends what it started, and then
# demands that the daemon exited with status 0, reported no error that the test did not allow,
# leaked nothing, and sent nothing that PlanetScale does not document. A test that passes prints
# nothing. Nothing here sleeps but wait_for().
#
#   PSCALEFS_BUILD           build directory of the program under test (build-test)
#   PSCALEFS_RELEASE_BUILD   the one without sanitizers (build-release)
#   PSCALEFS_VALGRIND=1      run the daemon under valgrind
#   PSCALEFS_PATIENCE=N      wait N times as long for everything
#   PSCALEFS_CACHE=SECONDS   mount with -o cache=SECONDS, where a test says nothing else
#   PSCALEFS_KEEP=1          leave the work directory, and say where it is
set -Eeuo pipefail
umask 022
export LC_ALL=C

# A test may take five minutes, on a machine that does other things too. timeout(1) signals the whole process
# group, so whatever is waited for ends too; the emulator is not of this group, for it is asked afterwards what
# happened.
if [[ ! ${PSCALEFS_WATCHED-} ]]; then
	PSCALEFS_WATCHED=1 exec timeout --kill-after=15 $((300 * ${PSCALEFS_PATIENCE:-1})) \
		"$BASH" "$0" "$@"
fi
unset PSCALEFS_WATCHED

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${PSCALEFS_BUILD:-$root/build-test}
release_build=${PSCALEFS_RELEASE_BUILD:-$root/build-release}
program=$build/src/pscalefs
emulator_program=$build/tests/emulator/pscale-emulator

work=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs.XXXXXX")
mkdir "$work/home"
mnt=$work/mnt       # where start_mount mounts
log=$work/log       # what the daemon says
emulator_log=$work/emulator.log

# The usual organization, as the tests name its parts.
org=$mnt/acme
tokens=$org/service-tokens
A=/v1/organizations/acme
T=$A/service-tokens

# --- the end of a test ---

exec {complaints}>&2 # wherever a failing command's output goes

fail() {
	trap - ERR
	exec 2>&"$complaints"
	local frame=0
	# The innermost line that is not of these files is where the test says what it wants.
	while [[ ${BASH_SOURCE[frame]} =~ /(lib\.sh|emulator\.bash)$ && ${BASH_SOURCE[frame + 1]-} ]]; do
		frame=$((frame + 1))
	done
	echo "$(basename "${BASH_SOURCE[frame]}"):${BASH_LINENO[frame - 1]}: $*" >&2
	exit 1
}

daemon='' emulator='' nghttpx='' reader='' allowed_errors=() finding=0

# A finding after the test itself: the test fails, and the cleaning goes on.
find_fault() {
	echo "$*" >&2
	finding=1
}

# mounted DIRECTORY: without asking the file system there.
mounted() {
	local at
	while read -r _ _ _ _ at _; do
		[[ $at != "$1" ]] || return 0
	done </proc/self/mountinfo
	return 1
}

# End a process of ours and wait for it. Its exit status is left in $status.
end_process() {
	kill "-$2" "$1" 2>/dev/null || true
	status=0
	wait "$1" 2>/dev/null || status=$?
}

# unmount: as a person does, trying again while the kernel still closes files.
unmount() {
	wait_quietly fusermount3 -q -u "$mnt"
}

# A test that runs beside this one in a mount namespace of its own, which root's let go of and a normal user's cannot,
# keeps this mount as long as it takes.
let_go_at_last() { [[ $(mount_keepers) ]] && PSCALEFS_PATIENCE=9 wait_quietly process_ended "$1"; }

# The daemon must end by itself with status 0 once its mount is gone.
reap_daemon() {
	local pid=$daemon
	daemon=''
	wait_quietly process_ended "$pid" || let_go_at_last "$pid" || {
		find_fault "the daemon does not end$(mount_keepers)"
		kill -ABRT "$pid" 2>/dev/null || true
	}
	end_process "$pid" 0
	[[ $status -eq 0 ]] || find_fault "the daemon exited with status $status"
}

# Ended: gone, or a zombie that waits for us.
# With all its threads: while one is there, its files are open.
process_ended() {
	local stat threads
	! { read -r stat <"/proc/$1/stat"; } 2>/dev/null ||
		{ threads=("/proc/$1/task/"*) && [[ ${stat##*) } == Z* && ${#threads[@]} -le 1 ]]; }
}

unexpected_errors() {
	local pattern lines
	lines=$(grep -a '^pscalefs: error: ' "$log" 2>/dev/null) || return 1
	for pattern in "${allowed_errors[@]}"; do
		lines=$(grep -a -v -E "$pattern" <<<"$lines") || return 1
	done
	echo "$lines"
}

check_findings() {
	local report lines
	for report in "$work"/sanitizer.* "$work"/valgrind.*; do
		# Lines of valgrind that begin so are remarks, such as of landlock's system calls.
		! grep -s -q -v -E '^--[0-9]+-- ' "$report" || find_fault "$(cat "$report")"
	done
	# Of a daemon in the foreground, which in its sandbox could not open a file for it.
	! grep -a -s -q -E "$sanitizer_says" "$log" || find_fault "$(grep -a -A 80 -E "$sanitizer_says" "$log")"
	! lines=$(unexpected_errors) || find_fault "the daemon reported: $lines"
	[[ ! $emulator ]] || lines=$(control GET '/log?violations=1') || find_fault "the emulator's log cannot be read"
	[[ ! $emulator || $lines == '[]' ]] || find_fault "not as PlanetScale documents it: $lines"
}

show_circumstances() {
	echo "--- the daemon said"
	tail -n 30 "$log" 2>/dev/null
	echo "--- .pscalefs/errors"
	tail -n 5 "$work/errors" 2>/dev/null
	echo "--- requests"
	! [[ $emulator ]] || api_log | jq -r '.[] | "\(.method) \(.path) \(.body // "" | tostring) -> \(.status)"' | tail -n 30
	echo "--- the emulator said"
	tail -n 10 "$emulator_log" 2>/dev/null
}

finish() {
	local outcome=$? pid mount
	trap - ERR EXIT
	trap '' INT TERM HUP
	set +e
	exec 1>&"$complaints" 2>&1
	cd /
	[[ $outcome -eq 0 ]] || timeout 2 cat "$mnt/.pscalefs/errors" >"$work/errors" 2>/dev/null
	[[ ! $emulator ]] || (api_release) 2>/dev/null
	for pid in $(jobs -p); do
		[[ $pid == "$daemon" || $pid == "$emulator" || $pid == "$nghttpx" ]] || end_process "$pid" KILL
	done
	if mounted "$mnt"; then
		unmount || {
			find_fault "the mount is busy: $(mount_users)"
			fusermount3 -u -z "$mnt"
		}
	fi
	[[ ! $daemon ]] || reap_daemon
	while read -r mount; do
		find_fault "still mounted: $mount"
		fusermount3 -u -z "$mount"
	done < <(awk -v below="$work/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo)
	check_findings
	[[ $outcome -eq 0 && $finding -eq 0 ]] || show_circumstances
	[[ ! $nghttpx ]] || end_process "$nghttpx" TERM
	[[ ! $emulator ]] || end_process "$emulator" TERM
	if [[ ${PSCALEFS_KEEP-} ]]; then
		echo "kept: $work" >&2
	else
		rm -rf --one-file-system "$work"
	fi
	exit $((outcome ? outcome : finding))
}
trap finish EXIT
trap 'fail "failed with status $?: $BASH_COMMAND"' ERR
trap 'fail "ended by a signal: it took too long"' TERM HUP
trap 'exit 130' INT

mount_users() {
	local link
	for link in /proc/[0-9]*/cwd /proc/[0-9]*/fd/*; do
		[[ $(readlink "$link" 2>/dev/null) == "$mnt"* ]] && echo "$link $(tr '\0' ' ' <"${link%/*}/cmdline")"
	done 2>/dev/null
}

# Other mount namespaces in which it is still mounted, each with a process that is in it: there the daemon has
# to go on.
mount_keepers() {
	local process namespace seen=' '
	for process in /proc/[0-9]*; do
		namespace=$(readlink "$process/ns/mnt" 2>/dev/null) || continue
		[[ $seen != *" $namespace "* ]] || continue
		seen+="$namespace "
		! grep -q -s -F " $mnt " "$process/mountinfo" ||
			echo "; $namespace keeps it, of $(tr '\0' ' ' <"$process/cmdline" | cut -c -200)"
	done 2>/dev/null
}

# --- waiting ---

# wait_quietly COMMAND…: run it until it succeeds; false after ten seconds.
wait_quietly() {
	local end=$((SECONDS + 10 * ${PSCALEFS_PATIENCE:-1}))
	until "$@" >/dev/null 2>&1; do
		[[ $SECONDS -lt $end ]] || return 1
		rest
	done
}

# rest: for 20 ms, on a pipe in which nothing ever comes; sleep(1) would be a process each time.
rest() { read -r -t 0.02 -u "$nothing" || true; }
exec {nothing}<> <(:)

# wait_for COMMAND…: the same, and the test fails if it never does.
wait_for() {
	wait_quietly "$@" || fail "never came true: $*"
}

# blocked_in NAME PID: it has become this command, and waits in a system call for the file system to answer,
# or for somebody else who does (the kernel looks one name of a directory up at a time, and makes one).
blocked_in() {
	local name stat wait_channel
	{ read -r name <"/proc/$2/comm" && read -r stat <"/proc/$2/stat"; } 2>/dev/null || return 1
	read -r wait_channel 2>/dev/null <"/proc/$2/wchan" || [[ $wait_channel ]] || return 1
	[[ $name == "$1" && ${stat##*) } == [SD]* && $wait_channel =~ fuse|request_wait|d_alloc_parallel|rwsem|lookup|filename_create ]]
}

# start_blocked COMMAND…: in the background, as a person at a terminal starts it (a script's background
# ignores SIGINT); returns once it waits for the file system. Its pid is left in $reader.
start_blocked() {
	start_reader "$@"
	wait_for blocked_in "$(basename "$1")" "$reader"
}

start_reader() {
	env --default-signal "$@" >"$work/reader.out" 2>"$work/reader.err" &
	reader=$!
}

# status_of PID: its exit status, left in $status.
status_of() {
	status=0
	{ wait "$1"; } 2>/dev/null || status=$?
}

# shellcheck source=tests/fs/emulator.bash
. "$root/tests/fs/emulator.bash"

# --- the mount ---

# How the daemon is started: its environment, and what wraps it. Tests may change both.
credential=("PLANETSCALE_SERVICE_TOKEN_ID=$admin_id" "PLANETSCALE_SERVICE_TOKEN=$admin_secret")
wrapper=()
slower=1 # by what factor a deadline of the mount's has to be longer, where one that is met is tested
if [[ ${PSCALEFS_VALGRIND-} ]]; then
	slower=3
	wrapper=(valgrind --quiet --vgdb=no --error-exitcode=99 --leak-check=full
		--errors-for-leak-kinds=definite --log-file="$work/valgrind.%p")
fi

sanitizer_says='(Address|Leak|UndefinedBehavior)Sanitizer|: runtime error: '
sanitizer_log=$work/sanitizer

# The command that runs the program in an environment of which nothing is left to chance.
set_command() {
	command=(setpriv --pdeathsig=TERM env --ignore-environment --default-signal
		PATH="$PATH" HOME="$work/home" LC_ALL=C
		ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=1:exitcode=98:log_path=$sanitizer_log"
		UBSAN_OPTIONS="${UBSAN_OPTIONS-}:halt_on_error=1:print_stacktrace=1:log_path=$sanitizer_log"
		${api_url:+PLANETSCALE_API_URL="$api_url"} "${credential[@]}" "${wrapper[@]}" "$program")
}

# pscalefs ARGUMENT…: the program, until it ends or is in the background.
pscalefs() {
	set_command
	"${command[@]}" "$@"
}

# start_mount [OPTION…]: mounted at $mnt when it returns; the daemon's pid is in $daemon.
start_mount() {
	mounted "$mnt" || mkdir -p "$mnt"
	sanitizer_log=stderr set_command
	: >>"$log"
	mounts_before=$(grep -c '^pscalefs: notice: mounted ' "$log" || true)
	"${command[@]}" -f ${PSCALEFS_CACHE:+-o "cache=$PSCALEFS_CACHE"} "$@" "$mnt" >>"$log" 2>&1 &
	daemon=$!
	wait_for mount_settled
	if process_ended "$daemon"; then
		status_of "$daemon"
		daemon=''
		fail "the daemon did not start: exit status $status: $(cat "$log")"
	fi
}

# It says so itself: a dead mount may have been there before.
mount_settled() {
	process_ended "$daemon" ||
		[[ $(grep -c '^pscalefs: notice: mounted ' "$log") -gt $mounts_before ]]
}

# stop_mount: unmount and require the daemon's good end, in the middle of a test.
stop_mount() {
	unmount || fail "cannot unmount: $(mount_users)"
	reap_daemon
	[[ $finding -eq 0 ]] || exit 1
}

# remount [OPTION…]: with nothing cached.
remount() {
	stop_mount
	start_mount "$@"
}

# A line "pscalefs: error: …" that matches this (grep -E) is no finding in this test.
allow_error() { allowed_errors+=("$1"); }

# The last entry of .pscalefs/errors.
errors_last() { tail -n 1 "$mnt/.pscalefs/errors"; }

refresh() { echo >"$mnt/.pscalefs/refresh"; }

# delete_seen TOKEN…: by somebody else, and the mount sees that there is none of this name before there may be another.
delete_seen() {
	local token
	for token; do delete_token "$token"; done
	refresh
	ls "$tokens" >"$work/left"
}

# list_both_at_once: tokens and databases, asked for afresh, under way together and then answered; both must
# succeed. What they list is left in $work/tokens and $work/databases.
list_both_at_once() {
	local list lists=()
	hold GET "$T"
	hold GET "$A/databases"
	touch "$tokens" "$org/databases"
	api_clear
	ls "$tokens" >"$work/tokens" &
	lists+=("$!")
	ls "$org/databases" >"$work/databases" &
	lists+=("$!")
	wait_for requested GET "$T"
	wait_for requested GET "$A/databases"
	api_release
	for list in "${lists[@]}"; do
		status_of "$list"
		assert_eq 0 "$status" 'one of two under way'
	done
}

# --- what a person does, as commands for assert_fails ---

overwrite() { echo "$2" >"$1"; }   # FILE TEXT
append() { echo "$2" >>"$1"; }     # FILE TEXT
empty() { : >"$1"; }               # FILE

# --- assertions ---

# assert_eq EXPECTED ACTUAL [WHAT]
assert_eq() {
	[[ $1 == "$2" ]] || fail "${3+$3: }expected and found:
$(diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") || true)"
}

# assert_contains TEXT PART…
assert_contains() {
	local part
	for part in "${@:2}"; do
		[[ $1 == *"$part"* ]] || fail "no \"$part\" in: $1"
	done
}

# assert_lacks TEXT PART…
assert_lacks() {
	local part
	for part in "${@:2}"; do
		[[ $1 != *"$part"* ]] || fail "\"$part\" in: $1"
	done
}

# assert_fails TEXT COMMAND…: it must fail and say so in these words. What it printed is left in
# $output, what it said in $message, its exit status in $status.
assert_fails() {
	local text=$1
	shift
	run "$@"
	[[ $status -ne 0 ]] || fail "succeeded: $*"
	[[ $message == *"$text"* ]] || fail "$* failed with \"$message\", not \"$text\""
}

# run COMMAND…: sets $output, $message and $status; never fails.
run() {
	status=0
	(
		trap - ERR EXIT
		set +e
		"$@"
	) >"$work/run.out" 2>"$work/run.err" || status=$?
	output=$(<"$work/run.out")
	message=$(<"$work/run.err")
}

# assert_gone PATH…: there is nothing, not even a broken link, and asking says just that.
assert_gone() {
	local path
	for path; do
		assert_fails 'No such file or directory' stat "$path"
	done
}

# assert_requests [LINE…]: exactly these ("METHOD PATH") since api_clear, in this order.
assert_requests() {
	assert_eq "$(printf '%s\n' "$@")" "$(requests)" requests
}

# assert_changes [LINE…]: of those that change something, exactly these ("METHOD PATH BODY").
assert_changes() {
	assert_eq "$(printf '%s\n' "$@")" "$(changes)" changes
}

# access_body DATABASE SCOPE…: the body of a change of /access.
access_body() {
	local quoted database
	quote "$1" && database=$quoted
	quote_all "${@:2}"
	echo "{\"database\":$database,\"access\":$quoted}"
}

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
#
# Runs a test in a pid namespace of its own, and leaves a process outside that will run one command: what
# that does the daemon cannot see. To be sourced before lib.sh. Only root has it so; for others
# start_outside runs the command inside, and $inside_fd is empty.
if [[ ! ${PSCALEFS_INSIDE-} && $EUID -eq 0 ]]; then
	if [[ ! ${PSCALEFS_OUTSIDE-} ]]; then
		PSCALEFS_OUTSIDE=1 exec unshare --mount "$BASH" "$0" "$@"
	fi
	. "$(dirname "${BASH_SOURCE[0]}")/leave_others.bash"
	leave_others
	mount --make-rshared /
	PSCALEFS_INSIDE=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs.outside.XXXXXX")
	export PSCALEFS_INSIDE
	mkfifo "$PSCALEFS_INSIDE"/{go,command,status}
	# Both share what is mounted, but for /proc.
	# shellcheck disable=SC2016 # it is for the other shell
	unshare --pid --fork --kill-child --mount --propagation unchanged "$BASH" -c '
		read -r _ <"$PSCALEFS_INSIDE/go" && mount --make-private /proc && mount -t proc proc /proc || exit
		# The first process of the namespace reaps all that are left behind.
		"$@" &
		test=$! status=0
		trap "kill -TERM $test" TERM
		while kill -0 "$test" 2>/dev/null; do
			wait "$test" || status=$?
		done
		exit "$status"' bash "$BASH" "$0" "$@" &
	inside=$!
	exec {go}>"$PSCALEFS_INSIDE/go" # it is there now
	exec {inside_fd}<"/proc/$inside/ns/pid_for_children"
	(
		mapfile -d '' command <"$PSCALEFS_INSIDE/command"
		status=0
		inside_fd=$inside_fd setpriv --pdeathsig=KILL "${command[@]}" || status=$?
		echo "$status" >"$PSCALEFS_INSIDE/status"
	) &
	outside=$!
	echo >&"$go"
	exec {go}>&-
	end_server() { { kill -KILL "$outside" && wait "$outside"; } 2>/dev/null || true; }
	# What uses the mount ends first. A signal to unshare(1) would not reach the test.
	trap 'end_server; pkill -TERM -P "$inside"' TERM INT HUP
	status=0
	while kill -0 "$inside" 2>/dev/null; do
		wait "$inside" || status=$?
	done
	end_server
	rm -rf "$PSCALEFS_INSIDE"
	exit "$status"
fi

# start_outside COMMAND…: in the background; $inside_fd is a descriptor of the namespace that this test runs
# in, in its environment. end_outside waits for it, and leaves its exit status in $status.
start_outside() {
	if [[ ${PSCALEFS_INSIDE-} ]]; then
		printf '%s\0' "$@" >"$PSCALEFS_INSIDE/command"
	else
		"$@" &
		outside=$!
	fi
}

end_outside() {
	if [[ ${PSCALEFS_INSIDE-} ]]; then
		read -r status <"$PSCALEFS_INSIDE/status"
	else
		status_of "$outside"
	fi
}

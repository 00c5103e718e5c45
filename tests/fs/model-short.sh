#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Some thousand random operations of several processes, with faults, with changes behind the mount's back
# and with another mount now and then: what was reported as done is done, nothing else is, and nothing was
# seen that was never true. One of the processes is none that the daemon sees.
#
#   PSCALEFS_MODEL_SEED=N        other operations (1)
#   PSCALEFS_MODEL_OPERATIONS=N  more of them
#   PSCALEFS_CACHE=SECONDS       the cache time, which else depends on the seed
. "$(dirname "$0")/outside.bash"
. "$(dirname "$0")/lib.sh"

seed=${PSCALEFS_MODEL_SEED:-1}
operations=${PSCALEFS_MODEL_OPERATIONS:-$([[ ${PSCALEFS_VALGRIND-} ]] && echo 480 || echo 2400)}
# With nothing or little cached much is asked; with much cached, what others do meets what is no longer true.
caches=(3600 0.3 5 0)
cache_s=${PSCALEFS_CACHE:-${caches[seed % 4]}}
cache_ms=$(jq -n "$cache_s * 1000")
earlier=() # daemons whose mount is gone

mount_it() {
	start_mount -o "timeout=0.8,cache=$cache_s,rate=0"
}

# The mount ends, in one of the ways that it can, and another is made; the daemon ends in its own time.
mount_anew() {
	earlier+=("$daemon")
	case $1 in
	signal) kill -TERM "$daemon" ;;
	unmount) unmount ;;
	detach) fusermount3 -u -z "$mnt" ;;
	esac
	wait_for not_mounted
	daemon=''
	api_release # a start does not ask twice
	mount_it
}
not_mounted() { ! mounted "$mnt"; }

reap_earlier() {
	for daemon in "${earlier[@]}"; do
		reap_daemon
	done
	earlier=()
}

start_emulator
mount_it
mkfifo "$work/asks" "$work/answers"
# shellcheck disable=SC2016 # it is for the other shell
start_outside "$BASH" -c 'exec "${@:4}" ${inside_fd:+--inside="$inside_fd"} >"$1" 2>&1 3>"$2" 4<"$3"' bash \
	"$work/model" "$work/asks" "$work/answers" \
	"$build/tests/model/pscalefs-model" --control="$control_url" --mount="$mnt" --timeout-ms=800 \
	--cache-ms="$cache_ms" --seed="$seed" --operations="$operations" --log="$log" --remount --verbose
exec {asks}<"$work/asks" {answers}>"$work/answers"
while read -r what <&"$asks"; do
	if [[ $what == ended ]]; then
		current=$daemon
		reap_earlier
		daemon=$current
	else
		mount_anew "$what"
	fi
	echo 'done' >&"$answers"
done
end_outside
[[ $status -eq 0 ]] || fail "$(grep -v ' succeeded: ' "$work/model")"

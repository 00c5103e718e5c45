#!/usr/bin/env bash
#
# Without -f the command returns when the mount can be used, silently and with status 0; the daemon
# stays, keeps no terminal and no directory, and ends with its mount.
. "$(dirname "$0")/lib.sh"

start_emulator
mkdir "$mnt"
set_command
exec 7>"$work/lock" # as a script has that holds a lock meanwhile
run timeout 20 "${command[@]}" "$mnt"
exec 7>&-
assert_eq "0 '' ''" "$status '$output' '$message'"
mounted "$mnt" || fail "not mounted when it returned"
assert_eq acme "$(ls "$mnt")"

# The daemon is the one that has our program, our mount point as argument, and no parent but init.
pid=$(pgrep -f -- "$program $mnt\$")
[[ $pid ]] || fail "no daemon"
assert_eq / "$(readlink "/proc/$pid/cwd")"
assert_eq "$pid" "$(ps -o sid= -p "$pid" | tr -d ' ')" 'a session of its own'
assert_lacks "$(ls -l "/proc/$pid/fd")" "$work/lock"
for fd in 0 1 2; do assert_eq /dev/null "$(readlink "/proc/$pid/fd/$fd")"; done

unmount
wait_for process_ended "$pid"

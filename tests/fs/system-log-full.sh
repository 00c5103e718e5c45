#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# In the background it logs to /dev/log, and waits for nobody there: not for a system log that does not
# read, not for one that is not there. What was lost is counted, and a new listener is found by itself.
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

own_dev

# As many failures, each a line of the log.
failures() {
	local i
	for ((i = 0; i < $1; i++)); do
		timeout 20 mkdir "$mnt/no" 2>/dev/null || [[ $? -eq 1 ]] || fail "mkdir hung"
	done
}

start_emulator
mkdir "$mnt"
start_log
start_in_background
failures 1

# As syslogd wants it: facility daemon (3), notice (5), the local time, the name with the pid.
wait_for logged "^<29>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} pscalefs\\[$background\\]: mounted $api_url at $mnt\$"
wait_for logged "^<28>.* pscalefs\\[$background\\]: .*mkdir .*/no: "

# Nobody reads: the socket is soon full.
end_log
start_log hold
failures 400
assert_eq acme "$(timeout 20 ls "$mnt")"
timeout 20 stat "$org" >/dev/null
assert_eq 100 "$(wc -l <"$mnt/.pscalefs/errors")"

# Then none is there at all, and then a new one.
end_log
failures 5
: >"$work/syslog"
start_log
failures 1
wait_for logged 'mkdir .*/no: '
lost=$(grep -a -o -E '[0-9]+ lines were lost' "$work/syslog" | cut -d' ' -f1)
[[ $lost -ge 5 && $lost -lt 405 ]] || fail "lost: $(cat "$work/syslog")"
assert_eq 1 "$(grep -a -c 'lines were lost' "$work/syslog")"
timeout 20 rmdir "$org" 2>/dev/null || true
wait_for logged 'rmdir .*/acme: '
assert_eq 1 "$(grep -a -c 'lines were lost' "$work/syslog")"

unmount
wait_for process_ended "$background"
wait_for logged "pscalefs\\[$background\\]: unmounted $mnt\$"
end_log

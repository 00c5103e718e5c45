#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A daemon that was stopped for longer than its timeout, as ^Z at its terminal does, uses the answers that
# came meanwhile: who waited for them is not told that there were none.
. "$(dirname "$0")/lib.sh"

# stopped COMMAND…: the daemon is, for twice the timeout; meanwhile the command is run.
stopped() {
	local until=$((${EPOCHREALTIME/./} + 2 * timeout_ms * 1000))
	kill -STOP "$daemon"
	wait_for grep -q '^State:.T' "/proc/$daemon/status"
	"$@"
	wait_for time_is "$until"
	kill -CONT "$daemon"
}
time_is() { [[ ${EPOCHREALTIME/./} -ge $1 ]]; }

timeout_ms=1500
start_emulator
api_switch list_accesses absent
add_tokens token- 130
grant token-7 shop read_branch
start_mount -o timeout=1.5
ls "$org" >/dev/null

# All pages of a list, of which the first comes while it is stopped, and is large.
hold GET "$T"
start_blocked ls "$tokens"
wait_for requested GET "$T"
stopped api_release
status_of "$reader"
assert_eq '0 130 ' "$status $(wc -l <"$work/reader.out") $(cat "$work/reader.err")"

# What cannot be repeated was sent once, and its one answer with the secret is not lost.
api_clear
hold POST "$T"
start_blocked mkdir "$tokens/ci"
wait_for requested POST "$T"
stopped api_release
status_of "$reader"
assert_eq '0 ' "$status $(cat "$work/reader.err")"
[[ $(cat "$tokens/ci/token") == pscale_tkn_* ]] || fail "the secret is lost"
assert_eq 1 "$(api_count POST "$T")"

# More readers than there are places, some of whose requests are not sent yet.
hold GET "$T/*" count=0
readers=()
for i in {1..40}; do
	cat "$tokens/token-$i/databases/shop/permissions" >"$work/out.$i" 2>&1 &
	readers+=($!)
done
for i in "${readers[@]}"; do wait_for blocked_in cat "$i"; done
stopped api_release
answered=0
for i in "${!readers[@]}"; do
	status_of "${readers[i]}"
	[[ $status -ne 0 ]] || answered=$((answered + 1))
done
[[ $answered -ge 32 ]] || fail "only $answered were answered: $(cat "$work"/out.* | sort | uniq -c)"
assert_eq read_branch "$(cat "$work/out.7")"

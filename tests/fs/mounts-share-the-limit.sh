#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Two mounts that together may send more than PlanetScale allows: each lowers its rate after a 429, both go on,
# and nothing fails.
. "$(dirname "$0")/lib.sh"

start_emulator
api_switch list_accesses absent
api_switch rate_limit 100
api_switch rate_window_ms 5000
api_switch retry_after seconds
api_data "$(jq -n '[range(10; 90) | {op: "add-token", name: "token-\(.)"}]')"

# in_force MOUNT: its rate now, and by how much it is reduced.
in_force() { sed -n 's/^rate in force: *\([0-9]*\) a minute, reduced by *\([0-9]*\)$/\1 \2/p' "$1/.pscalefs/status"; }

start_mount -o rate=3000
mkdir "$work/other"
set_command
"${command[@]}" -f -o rate=3000 "$work/other" >>"$log" 2>&1 &
other=$!
wait_for mounted "$work/other"
assert_eq '3000 0' "$(in_force "$mnt")"

readers=()
for mount in "$mnt" "$work/other"; do
	cat "$mount"/acme/service-tokens/*/permissions >/dev/null 2>"$work/failures.${#readers[@]}" &
	readers+=($!)
done
for reader in "${readers[@]}"; do
	status_of "$reader"
	assert_eq 0 "$status" "$(cat "$work"/failures.*)"
done
for mount in "$mnt" "$work/other"; do assert_eq '' "$(cat "$mount/.pscalefs/errors")"; done

# Each has asked for all tokens; those that were refused were asked for again.
answers=$work/answers
api_log >"$answers"
assert_eq 160 "$(jq --arg t "$T/" '[.[] | select(.status == 200 and (.path | startswith($t)))] | length' "$answers")"
refused=$(jq '[.[] | select(.status == 429)] | length' "$answers")
[[ $refused -gt 0 && $refused -lt 100 ]] || fail "refused: $refused"

# At least one of them has halved its rate; what shows it has the size that stat(2) gives.
reduced=0
for mount in "$mnt" "$work/other"; do
	read -r rate less <<<"$(in_force "$mount")"
	assert_eq 3000 $((rate + less))
	reduced=$((reduced + less))
done
[[ $reduced -ge 1500 ]] || fail "reduced by $reduced"
assert_eq "$(stat -c %s "$mnt/.pscalefs/status")" "$(wc -c < <(cat "$mnt/.pscalefs/status"))"
wait_for fusermount3 -q -u "$work/other"
status_of "$other"
assert_eq 0 "$status"

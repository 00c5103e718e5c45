#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# With 500 callers waiting for 500 answers that never come: how long an unrelated stat takes, and how soon
# ^C frees a caller. `meson test --benchmark` shows the figures.
. "$(dirname "$0")/../fs/lib.sh"

start_emulator
api_switch list_accesses absent
add_tokens token- 501
start_mount -o timeout=60
ls "$tokens" "$org/databases" >/dev/null
fault GET "$T/*" silence=true count=0
readers=()
for i in {1..500}; do
	cat "$tokens/token-$i/databases/shop/permissions" >/dev/null 2>&1 &
	readers+=($!)
done
for reader in "${readers[@]}"; do
	disown "$reader"
	wait_for blocked_in cat "$reader"
done
"$build/tests/bench/latency" "$org/info.json" "$tokens/token-501/permissions"
kill -KILL "${readers[@]}"
for reader in "${readers[@]}"; do wait_for process_ended "$reader"; done
api_release

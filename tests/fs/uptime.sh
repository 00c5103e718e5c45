#!/usr/bin/env bash
#
# It does not matter how long the machine has been up: a moment, ten years, or most of it suspended.
#
# With clocks of its own a normal user can mount only in a mount namespace of its own.
[[ $EUID -eq 0 ]] || . "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

# Clocks of its own that begin elsewhere: what the kernel has not got, or lets no user have, cannot be shown.
[[ -e /proc/self/ns/time ]] || exit 0
namespace=(unshare --time --fork)

up=$(cut -d. -f1 /proc/uptime) decade=$((10 * 365 * 24 * 3600))
start_emulator
n=0
for offsets in "-$up -$up" "$decade $decade" "0 $decade" "$decade -$up"; do
	read -r monotonic boottime <<<"$offsets"
	wrapper=("${namespace[@]}" --monotonic "$monotonic" --boottime "$boottime")
	n=$((n + 1))
	start_mount -o timeout=3
	mkdir "$tokens/ci$n"
	echo read_branch >>"$tokens/ci$n/databases/shop/permissions"
	api_clear
	assert_eq read_branch "$(cat "$tokens/ci$n/databases/shop/permissions")"
	ls "$tokens" >/dev/null
	assert_requests # it is fresh
	refresh
	fault GET "$T" status=429 headers='{"Retry-After": "1"}'
	ls "$tokens" >/dev/null
	hold GET "$T"
	refresh
	assert_fails 'Connection timed out' ls "$tokens"
	api_release
	stop_mount
done

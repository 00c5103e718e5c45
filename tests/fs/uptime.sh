#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# It does not matter how long the machine has been up: a moment, ten years, or most of it suspended.
. "$(dirname "$0")/lib.sh"

# Clocks of its own that begin elsewhere: what the kernel has not got, or lets no user have, cannot be shown.
[[ -e /proc/self/ns/time ]] || exit 0
namespace=(unshare --time --fork)
# In a user namespace a normal user would need a mount namespace to mount in, which would keep what other tests
# have mounted, and their daemons with it. So root makes the clocks, and becomes the user again.
as_user=()
if [[ $EUID -ne 0 ]]; then
	sudo -n true 2>/dev/null || exit 0
	namespace=(sudo -n --preserve-env "${namespace[@]}")
	as_user=(setpriv --reuid "$EUID" --regid "$(id -g)" --init-groups)
fi

up=$(cut -d. -f1 /proc/uptime) decade=$((10 * 365 * 24 * 3600))
start_emulator
n=0
for offsets in "-$up -$up" "$decade $decade" "0 $decade" "$decade -$up"; do
	read -r monotonic boottime <<<"$offsets"
	wrapper=("${namespace[@]}" --monotonic "$monotonic" --boottime "$boottime" "${as_user[@]}")
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

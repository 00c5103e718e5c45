#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The API's address changes: after a connection that was refused, and after a write to refresh, its name is
# resolved anew.
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

start_emulator
start_nghttpx
add_token ci
allow_error .

# address_is ADDRESS: of api.test, to this test and its daemon alone.
address_is() { printf '127.0.0.1 localhost\n%s api.test\n' "$1" >"$work/hosts"; }
address_is 127.0.0.1
mount --bind "$work/hosts" /etc/hosts
api_url=https://api.test:${api_url##*:}
start_mount -o "timeout=$((5 * slower))" --cacert "$ca"
assert_eq ci "$(ls "$tokens")"

# Nobody listens at the first address, until it is another.
hang_up() {
	kill -HUP "$daemon"
	wait_for grep -q SIGHUP "$log"
}
for again in refresh hang_up; do
	address_is 127.0.0.3
	"$again"
	assert_fails 'Connection refused' ls "$tokens"
	address_is 127.0.0.1
	assert_eq ci "$(ls "$tokens")"
	assert_eq '' "$(cat "$tokens/ci/databases/shop/permissions")"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the background daemon tells the system log has the reasons of what failed, and no secret.
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

own_dev
start_log
start_emulator
start_in_background -o timeout=2
permissions=$tokens/ci/databases/shop/permissions

mkdir "$tokens/ci"
secret=$(cat "$tokens/ci/token")
[[ $secret == pscale_tkn_* ]] || fail "no secret: $secret"
cat "$tokens/ci/env" "$tokens/ci/header" >/dev/null
assert_eq 200 "$(curl --silent --output /dev/null --write-out '%{http_code}' --header @"$tokens/ci/header" \
	"$api_url/v1/organizations")"
echo read_branch >>"$permissions"
echo 'ttl ttl=1d' >"$org/create-token"
second=$(cat "$tokens/ttl/token")

# Every kind of failure, and answers that repeat what they should not.
spoken=$(jq -cn --arg s "$second" '{code: "x", message: "No \($s)"}')
assert_fails 'Invalid argument' append "$permissions" no_such_scope
assert_fails 'Operation not permitted' overwrite "$tokens/ci/token" x
assert_fails 'Invalid argument' append "$permissions" "$secret"
assert_fails 'No such file' ls "$tokens/$secret"
fault POST "$T/*/access" status=403 body="$spoken"
assert_fails 'Permission denied' append "$permissions" delete_branch
fault POST "$T" close=after
assert_fails 'Input/output error' mkdir "$tokens/lost"
fault POST "$T" status=201 body='{"id": "x", "token": "'"$second"'"'
assert_fails 'Input/output error' mkdir "$tokens/broken"
fault GET "$T" silence=true
refresh
assert_fails 'Connection timed out' ls "$tokens"
fault DELETE "$T/*/access" status=500 count=0
echo read_database >"$permissions"
wait_for logged 'close .*permissions'
api_release
kill -HUP "$background"
wait_for logged 'SIGHUP'
rm -r "$tokens/ci"
unmount
wait_for process_ended "$background"
wait_for logged ': unmounted '
end_log

for part in EINVAL EPERM EACCES EIO ETIMEDOUT EREMOTEIO; do
	grep -a -q "$part" "$work/syslog" || fail "no $part in: $(cat "$work/syslog")"
done
for text in "$secret" "$second" "$admin_secret" "$admin_id:$admin_secret" "$login"; do
	! grep -a -F -e "$text" "$work/syslog" || fail "a secret is in the system log"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Nobody listens, the name is unknown, the certificate is not to be trusted: at the start and in the middle,
# in the right words; and with the right certificate, or when the API is back, it works.
. "$(dirname "$0")/lib.sh"

allow_error .

# refused PART…: at the start, nothing is mounted, and it says why.
refused() {
	set_command
	run timeout 20 "${command[@]}" "${options[@]}" "$mnt"
	assert_eq 32 "$status" "$message"
	assert_contains "$message" 'pscalefs: ' "$@"
	! mounted "$mnt" || fail "mounted all the same"
}

options=(-o "timeout=$((12 * slower))")
mkdir "$mnt"
for kind in untrusted wrong-host expired; do
	start_emulator --tls --tls-dir="$work/tls-$kind" --tls-cert=$kind --seed-data=orgs=1,databases=1,tokens=0
	ca=$(sed -n 's/^ca //p' "$emulator_log")
	options=(-o "timeout=$((12 * slower))" --cacert "$ca")
	[[ $kind != untrusted ]] || options=(-o "timeout=$((12 * slower))")
	refused 'is not trusted' --cacert
	assert_requests # it never got that far
	stop_emulator
done

# The system's authorities do not know the test's; --cacert does.
start_emulator --tls --tls-dir="$work/tls" --tls-cert=good --seed-data=orgs=1,databases=1,tokens=0
ca=$(sed -n 's/^ca //p' "$emulator_log")
options=(-o "timeout=$((12 * slower))")
refused 'is not trusted'
name=$(api_state | jq -r '.organizations[0].name')
start_mount -o "timeout=$((12 * slower))" --cacert "$ca"
mkdir "$mnt/$name/service-tokens/ci"
[[ -s $mnt/$name/service-tokens/ci/token ]] || fail "no secret over TLS"
rm -r "$mnt/$name/service-tokens/ci"
stop_mount

# The same address, another certificate, in the middle of it: not one request is answered by a stranger.
port=${api_url##*:}
stop_emulator
start_emulator --tls --tls-dir="$work/tls-good" --tls-cert=good --port="$port" --seed-data=orgs=1,databases=1,tokens=0
start_mount -o "timeout=$((12 * slower))" --cacert "$(sed -n 's/^ca //p' "$emulator_log")"
ls "$mnt/$name/service-tokens" >/dev/null
stop_emulator
start_emulator --tls --tls-dir="$work/tls-other" --tls-cert=untrusted --port="$port" --seed-data=orgs=1,databases=1,tokens=0
refresh
assert_fails 'Protocol error' ls "$mnt/$name/service-tokens"
assert_contains "$(errors_last)" EPROTO 'is not trusted' --cacert
assert_fails 'Protocol error' ls "$mnt"
assert_requests
stop_mount
stop_emulator

# Plain: down at the start, up, down, and up again, without a remount.
start_emulator
port=${api_url##*:}
start_mount -o "timeout=$((12 * slower))"
assert_eq '' "$(ls "$tokens")"
stop_emulator
refresh
assert_fails 'Connection refused' ls "$tokens"
assert_contains "$(errors_last)" ECONNREFUSED 'cannot connect' "127.0.0.1:$port"
assert_fails 'Connection refused' ls "$mnt"
assert_fails 'Connection refused' mkdir "$tokens/ci"
cat "$mnt/.pscalefs/status" "$mnt/.pscalefs/errors" >/dev/null
start_emulator --port="$port" --seed-data=orgs=1,databases=0,tokens=0
api_data '[{"op": "add-database", "name": "shop"}]'
new=$(api_state | jq -r '.organizations[0].name')
assert_eq "$new" "$(ls "$mnt")"
mkdir "$mnt/$new/service-tokens/ci"
token_exists ci || fail "not made"
stop_mount

# A name without an address, and an address without a route.
api_url=https://pscalefs.invalid
options=(-o "timeout=$((3 * slower))")
refused 'pscalefs.invalid' 'no address'

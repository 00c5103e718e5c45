#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# pscalefs check names what is wrong on a machine, with the credential, on the way to PlanetScale and with
# the clock, and what to do; its exit status says whether something is.
# shellcheck disable=SC2016 # what the command expands
[[ $EUID -eq 0 ]] || exit 0
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

own_dev
start_emulator
api_switch anonymous refused # it asks without a credential first
set_command

# assert_check STATUS LINE…: these are lines of it, each a beginning.
assert_check() {
	local wanted=$1 line
	run pscalefs check "${options[@]}"
	assert_eq "$wanted ''" "$status '$message'" "$output"
	for line in "${@:2}"; do
		assert_contains $'\n'"$output" $'\n'"$line"
	done
	[[ $status -eq 0 ]] || assert_contains $'\n'"$output" $'\n'FAILED
	[[ $status -ne 0 ]] || assert_lacks "$output" FAILED
	assert_lacks "$output" "$admin_secret" "$login"
}

options=()
api_clear
assert_check 0 'ok      /dev/fuse: ' 'ok      namespaces: ' 'ok      fusermount3: /' 'ok      kernel: ' \
	"ok      credential: service token $admin_id from environment variables: PLANETSCALE_SERVICE_TOKEN_ID" \
	'ok      connection: to 127.0.0.1' "ok      HTTP: $api_url answers" 'ok      clock: agrees' \
	'ok      access: PlanetScale accepts the credential for acme' 'ok      permissions: has read_databases'
assert_eq '' "$(changes)"
assert_eq '' "$(api_log | jq -r '.[0].authorization // empty')"

# --- the command line
run pscalefs check here
assert_eq 2 "$status"
assert_contains "$message" 'check takes no operand' ./check
run pscalefs check --no-namespace
assert_eq 2 "$status"
mkdir "$work/check"
assert_fails 'no organization nobody' env --chdir="$work" "${command[@]}" -o org=nobody ./check

# --- the credential
options=(-o org=nobody)
assert_check 1 'FAILED  access: there is no organization nobody'
options=(-o credentials=/nonexistent)
assert_check 1 'FAILED  credential: ' 'ok      HTTP: '
options=()
good=("${credential[@]}")
credential=(PLANETSCALE_API_TOKEN=wrong)
assert_check 1 'ok      credential: login from environment variable: PLANETSCALE_API_TOKEN' 'FAILED  access: '
credential=("PLANETSCALE_API_TOKEN=$login")
assert_check 0 "ok      permissions: those of the login's user"
credential=()
assert_check 1 'FAILED  credential: no PlanetScale credential found'
add_token weak
credential=("${good[@]}")
pscalefs run sh -c 'cd "$PSCALEFS/acme/service-tokens" && mkdir reader && echo read_organization read_databases read_service_tokens >reader/permissions && cat reader/env' >"$work/reader"
chmod 600 "$work/reader"
options=(-o "credentials=$work/reader")
credential=()
assert_check 0 'ok      credential: service token ' 'warning permissions: lacks write_service_tokens delete_service_tokens'
credential=("${good[@]}") options=()

# --- the clock
api_switch clock_offset_s 3600
assert_check 0 'warning clock: '
assert_contains "$output" "seconds behind PlanetScale's" timedatectl
api_switch clock_offset_s 0

# --- the way there
usual=$api_url
api_url=https://no-such-host.invalid
assert_check 1 'FAILED  name: the name of no-such-host.invalid has no address'
start_nghttpx
assert_check 1 'ok      connection: ' 'FAILED  TLS: the certificate of 127.0.0.1:'
options=(--cacert "$ca")
assert_check 0 'ok      TLS: the certificate is trusted' 'ok      access: '
stop_nghttpx
nghttpx=''
api_url=$usual options=(-o timeout=5)
fault GET /v1/organizations close=before count=0
assert_check 1 'ok      connection: ' 'FAILED  HTTP: '
api_release
stop_emulator
assert_check 1 'ok      name: ' 'FAILED  connection: cannot connect to 127.0.0.1'
api_url='http://example.com'
assert_check 1 'FAILED  API: '
api_url=$usual

# --- the machine
mount --bind /bin/true /usr/bin/fusermount3
assert_check 1 'ok      fusermount3: not set-user-ID root; root does not need it'
umount /usr/bin/fusermount3
rm -f /dev/fuse 2>/dev/null || { umount /dev/fuse && rm /dev/fuse; }
assert_check 1 'FAILED  /dev/fuse: No such file' 'warning namespaces: '
assert_contains "$output" 'modprobe fuse'

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A proxy in the environment is not told the credential, nor is a file of TLS keys written.
. "$(dirname "$0")/lib.sh"

start_emulator
# Whatever is asked of its control port is no answer of the API's.
credential+=("http_proxy=$control_url" "ALL_PROXY=$control_url")
start_mount
assert_eq $'blog\nshop' "$(ls "$org/databases")"
stop_mount
stop_emulator

start_emulator --tls --tls-dir="$work/tls" --seed-data=orgs=1,databases=1,tokens=0
credential=("${credential[@]:0:2}" "SSLKEYLOGFILE=$work/keys")
start_mount --cacert "$work/tls/ca.pem"
ls "$mnt"/* >/dev/null
[[ ! -e $work/keys ]] || fail "the keys of the connections were written down"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# ^C while mkdir waits for PlanetScale's answer: the caller is free, and the token, which is made by
# then, is there with its secret, which only that answer holds.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount
ls "$tokens" >/dev/null
api_clear
hold POST "$T"
start_blocked mkdir "$tokens/ci"
wait_for requested POST "$T"
kill -INT "$reader"
wait_for process_ended "$reader"
status_of "$reader"
assert_eq 130 "$status"
api_release

wait_for test -s "$tokens/ci/token"
id=$(token_id ci)
assert_eq "$id" "$(cat "$tokens/ci/id")"
assert_eq 200 "$(curl --silent --output /dev/null --write-out '%{http_code}' --header @"$tokens/ci/header" "$api_url/v1/organizations")"
assert_eq 1 "$(api_count POST "$T")"
assert_eq ci "$(ls "$tokens")"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lists answer what was so two seconds ago: tokens made or deleted here stay so, and a deletion is
# believed only if it is known.
. "$(dirname "$0")/lib.sh"
start_emulator
add_token old
start_mount -o cache=0
api_switch read_lag_ms 2000

# The one made first does not vanish when the second is made, nor when nothing is cached.
mkdir "$tokens/one"
mkdir "$tokens/two"
assert_eq $'old\none\ntwo' "$(ls -tr "$tokens" | sort | sed -n '/old/p;/one/p;/two/p')"
assert_fails 'File exists' mkdir "$tokens/one"
[[ -s $tokens/one/token ]] || fail 'no secret'

# A replica that has not heard of a token answers 404 for it: its grants are asked for again.
echo read_branch >"$tokens/one/databases/shop/permissions"
sync "$tokens/one/databases/shop/permissions"
assert_eq read_branch "$(scopes_of one shop)"
assert_eq read_branch "$(cat "$tokens/one/databases/shop/permissions")"

# What was deleted does not show again.
rmdir "$tokens/old"
! token_exists old || fail 'not deleted'
assert_gone "$tokens/old"
assert_eq $'one\ntwo' "$(ls "$tokens")"
mkdir "$tokens/old"
assert_eq $'old\none\ntwo' "$(ls "$tokens")"

# 503, then 404 on the repeat, and a list that has not heard of the token: nothing says that it is deleted.
mkdir "$tokens/new"
id=$(token_id new)
fault DELETE "$T/$id" status=503
fault DELETE "$T/$id" status=404
api_clear
assert_fails 'Permission denied' rm -r "$tokens/new"
assert_eq 2 "$(api_count DELETE "$T/$id")" 'sent, and repeated'
times=$(requests | sed -n "\\|^DELETE $T/$id\$|,\$p" | grep -c "^GET $T\$")
[[ $times -le 5 ]] || fail "$times lists to find out"
token_exists new || fail 'deleted'
[[ -d $tokens/new ]] || fail 'it does not show'

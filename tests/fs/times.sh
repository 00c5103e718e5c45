#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Times speak: creation and last use of a token are its directory's mtime and atime, and a
# permissions file's mtime changes exactly when its content does.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token old created_at='"2024-01-02T03:04:05.000Z"' last_used_at='"2024-02-03T04:05:06.000Z"'
add_token unused created_at='"2024-03-04T05:06:07.000Z"'
add_token fresh
start_mount

times() { stat -c '%Y %X' "$1"; }
at() { date -d "$1" +%s; }
assert_eq "$(at 2024-01-02T03:04:05Z) $(at 2024-02-03T04:05:06Z)" "$(times "$tokens/old")"
assert_eq "$(at 2024-03-04T05:06:07Z) $(at 2024-03-04T05:06:07Z)" "$(times "$tokens/unused")"
assert_eq "$(at "$(jq -r .created_at "$org/databases/shop/info.json")")" "$(stat -c %Y "$org/databases/shop")"

# So these answer what they ask.
assert_eq $'old\nunused' "$(find "$tokens" -mindepth 1 -maxdepth 1 -atime +90 -printf '%f\n' | sort)"
assert_eq $'fresh\nunused\nold' "$(ls -t "$tokens")"
assert_eq $'fresh\nunused\nold' "$(ls -tu "$tokens")"
assert_eq fresh "$(find "$tokens" -mindepth 1 -maxdepth 1 -mtime -1 -printf '%f\n')"
assert_eq $'fresh\nunused' "$(find "$tokens" -mindepth 1 -maxdepth 1 -newer "$tokens/old" -printf '%f\n' | sort)"
assert_eq unused "$(find "$tokens" -mindepth 1 -maxdepth 1 -newerat 2024-02-05 ! -newerat 2025-01-01 -printf '%f\n')"
assert_contains "$(ls -lu --time-style=+%F "$tokens")" '2024-02-03 old' '2024-03-04 unused'
assert_contains "$(ls -l --time-style=+%F "$tokens")" '2024-01-02 old'
[[ $tokens/unused -nt $tokens/old ]] || fail "unused is not newer than old"

file=$tokens/fresh/databases/shop/permissions
mtime() { stat -c %y "$file"; }
before=$(mtime)
echo read_branch >>"$file"
after=$(mtime)
[[ $before != "$after" ]] || fail "the content changed and the mtime did not"

# Not by reading, by the same text again, by another file, or by touch and chmod, which do nothing.
cat "$file" >/dev/null
echo read_branch >"$file"
echo read_branch >>"$file"
echo create_branch >>"$tokens/fresh/databases/blog/permissions"
touch "$file"
chmod 600 "$file"
assert_eq "$after" "$(mtime)"

# By somebody else's change, once it is seen.
grant fresh shop create_branch
refresh
cat "$file" >/dev/null
[[ $(mtime) != "$after" ]] || fail "the content changed and the mtime did not"

# The fraction of the second too: two changes within one second are two times, as editors compare.
echo '-create_branch' >>"$file"
[[ $(mtime) != *.000000000* ]] || echo '-read_branch' >>"$file"
[[ $(mtime) != *.000000000* ]] || fail "whole seconds: $(mtime)"

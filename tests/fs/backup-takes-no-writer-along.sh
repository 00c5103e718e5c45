#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Who writes permissions while an editor moves the file aside still grants: it does not write into the
# backup.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
grant ci shop read_branch
start_mount
directory=$tokens/ci/databases/shop
file=$directory/permissions
ls "$directory" >/dev/null

exec 3>>"$file"
mv "$file" "$file~"
echo create_branch >&3
exec 3>&-
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
assert_eq read_branch "$(cat "$file~")"
assert_eq $'create_branch\nread_branch' "$(cat "$file")"

# A commit is under way: the open and the backup both wait for it. A backup of what is being revoked would
# bring it back.
echo connect_branch >"$work/text"
hold DELETE '*/access'
: >"$file"
wait_for requested DELETE '*/access'
start_blocked dd if="$work/text" of="$file" conv=notrunc,nocreat oflag=append
writer=$reader
start_blocked mv "$file" "$file~"
mover=$reader
api_release
status_of "$writer"
assert_eq 0 "$status"
status_of "$mover"
assert_eq 0 "$status"
assert_eq connect_branch "$(scopes_of ci shop)"
[[ $(cat "$file~") =~ ^(connect_branch)?$ ]] || fail "the backup says what was revoked"

# Nor does fsync of what is open say something else.
exec 3>>"$file"
mv "$file" "$file~"
fault POST '*/access' status=403
printf read_comment >&3
# shellcheck disable=SC2016 # perl's
assert_fails 'Permission denied' perl -MIO::Handle -e 'open(my $f, ">>&=", 3); $f->sync or die "$!\n"'
exec 3>&-

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Temporary files beside permissions: which names may be one, how big, how many; never sent, and gone
# with what they are in.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
database=$tokens/ci/databases/shop
api_clear

for name in 'permissions~' .permissions.swp .permissions.swx .permissions.Ab12Cd permissions.gawk.x1Y2z3 \
	permissions.bak sedA1b2C3 XXa1B2c3 4913 5036 '#permissions#' .goutputstream-A1B2C3 tmpab_12xyz x.tmp d2utmpA1b2C3 .ansible_tmpab12_xyzpermissions; do
	echo text >"$database/$name"
	assert_eq text "$(cat "$database/$name")" "$name"
	rm "$database/$name"
	assert_gone "$database/$name"
done
ln -s somebody@host.1:2 "$database/.#permissions"
assert_eq somebody@host.1:2 "$(readlink "$database/.#permissions")"
rm "$database/.#permissions"

# refused_name NAME NEXT: at the end of its line in errors.
refused_name() {
	assert_fails 'Operation not permitted' overwrite "$database/$1" read_branch
	assert_contains "$(errors_last)" "; next: $2"
	assert_fails 'Operation not permitted' cp "$work/run.err" "$tokens/ci/$1"
	assert_contains "$(errors_last)" "; next: $2"
	assert_fails 'Operation not permitted' mv "$database/permissions" "$database/$1"
	assert_contains "$(errors_last)" "; next: $2"
}

for name in permissionss permissions1 permissions.txt mypermissions permisions permission Permissions .permission; do
	refused_name "$name" 'Did you mean "permissions"?'
done
for name in tmpx shop sedA1 XXa 4914 x; do
	refused_name "$name" "Only permissions and editors' temporary files can be made here."
done
assert_fails 'Operation not permitted' ln -s x "$database/link"
assert_fails 'Operation not permitted' mkdir "$database/permissions.d"
assert_fails 'Operation not permitted' mkfifo "$database/permissions.fifo"

# At most 1 MiB each, and 64 of them.
head -c 1048576 /dev/zero >"$database/permissions.bak"
assert_fails 'File too large' append "$database/permissions.bak" x
assert_fails 'File too large' truncate -s 1048577 "$database/permissions.bak"
assert_eq 1048576 "$(stat -c %s "$database/permissions.bak")"
rm "$database/permissions.bak"
for i in $(seq 64); do echo "$i" >"$database/$i.tmp"; done
assert_fails 'No space left on device' overwrite "$tokens/ci/65.tmp" x
assert_eq 64 "$(cat "$database/64.tmp")"
echo x >"$database/64.tmp"

# A rename between two of them, and no rename out of the directory.
mv "$database/1.tmp" "$database/2.tmp"
assert_eq 1 "$(cat "$database/2.tmp")"
assert_fails 'Operation not permitted' mv "$database/2.tmp" "$database/other"
assert_changes

# A backup is a copy.
grant ci shop read_branch
refresh
mv "$database/permissions" "$database/permissions.old"
assert_eq read_branch "$(cat "$database/permissions.old")"
assert_eq read_branch "$(cat "$database/permissions")"
assert_changes

remount
assert_eq permissions "$(ls -A "$database")"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The limits of pscalefs(5) are those of the source, and a text beyond them takes nothing away.
. "$(dirname "$0")/lib.sh"

# Row by row of the table: the constant's file and name.
declare -A constants=(
	['bytes of a name']='names.h FILE_NAME_MAX'
	['bytes of a line of create-token']='create_token.c LINE_MAX_BYTES'
	['bytes of a permission name']='scopes.h SCOPE_NAME_MAX'
	['words of a permissions file']='grammar.h GRAMMAR_WORDS_MAX'
	['bytes of a permissions file']='permissions_file.h PERMISSIONS_MAX_BYTES'
	['bytes of a scratch file']='scratch.h SCRATCH_MAX_BYTES'
	['scratch files']='scratch.h SCRATCH_MAX_FILES'
	['bytes of an answer by PlanetScale']='http.c BODY_MAX_DEFAULT'
	["bytes of an answer's headers"]='transfer_error.h HEADERS_MAX'
	['bytes of one of these headers']='transfer_error.h HEADER_LINE_MAX'
	['arrays and objects within each other']='decode.h DECODE_DEPTH_MAX'
	['values in an answer']='json.h JSON_VALUES_MAX'
	['bytes of an id']='record.h ID_MAX'
	['entries of a list, all pages']='decode.h DECODE_ITEMS_MAX'
	['organizations']='decode.h DECODE_ORGANIZATIONS_MAX'
	['databases of an organization']='decode.h DECODE_DATABASES_MAX'
	['databases of a token']='decode.h DECODE_RESOURCES_MAX'
	['permissions on one of them']='decode.h DECODE_SCOPES_MAX'
	['pages of a list']='store_fetch.c PAGES_MAX'
	['bytes of all its pages']='store_fetch.c LIST_MAX_BYTES'
	['number of a page']='decode.c NEXT_PAGE_MAX'
	['lines of an audit log']='audit_log.h AUDIT_LINES_MAX'
	['bytes of a cursor']='decode_audit.c CURSOR_MAX'
	['repeated readings of a list']='store_fetch.c REREADS_MAX'
	['KiB of a credentials file']='credential.h CREDENTIAL_FILE_MAX'
	['requests at once']='http.c CONCURRENCY_DEFAULT'
	['closed permissions files remembered']='permissions_file.h PERMISSIONS_REMEMBERED_MAX'
	['failures in the error log']='error_log.h ERROR_LOG_ENTRIES'
	['processes remembered']='removal_guard.h REMOVAL_GUARD_PROCESSES'
)

# constant FILE NAME: its value, e.g. of "((size_t)32 << 20) /* … */".
constant() {
	local text
	text=$(find "$root/src" -name "$1" -exec sed -n "s/^#define $2 *//p" {} + | sed -e 's,/\*.*,,' -e 's/(size_t)//')
	[[ $text ]] || fail "src/$1 has no $2"
	echo $((text))
}

# "bytes of a name|255|ENAMETOOLONG"
mapfile -t rows < <(sed -n '/limits-in-the-manual.sh compares/,/^\.El/s/^\.It //p' "$root/src/man/pscalefs.5" |
	sed -e 's/ Ta Er / Ta /' -e 's/ Ta /|/g' -e 's/"//g')
assert_eq "${#constants[@]}" "${#rows[@]}" "rows of the table"
page=$(mandoc -T ascii "$root/src/man/pscalefs.5")
for row in "${rows[@]}"; do
	IFS='|' read -r what number beyond <<<"$row"
	[[ ${constants[$what]-} ]] || fail "of what constant is this: $row"
	read -r file name <<<"${constants[$what]}"
	value=$(constant "$file" "$name")
	number=${number/% KiB/ * 1024}
	number=${number/% MiB/ * 1024 * 1024}
	[[ $what != KiB* ]] || number="$number * 1024"
	assert_eq "$value" "$((number))" "$what"
	grep -Eq "^ *$what .* $beyond\$" <<<"$page" || fail "the page does not show: $row"
done
times=$(($(constant store_fetch.c REREADS_MAX) + 1))
assert_eq 6 "$times" 'section CONSISTENCY: "if it has changed each of six times"'

# What does not fit is a write that was refused: closing revokes nothing, and sync says so, once.
start_emulator
add_token ci
grant ci shop read_branch delete_branch
start_mount
allow_error .
file=$tokens/ci/databases/shop/permissions
limit=$(constant permissions_file.h PERMISSIONS_MAX_BYTES)
{
	echo read_branch
	head -c "$limit" /dev/zero | tr '\0' '#'
} >"$work/large"
assert_fails 'File too large' cp "$work/large" "$file"
assert_eq $'delete_branch\nread_branch' "$(cat "$file")"
assert_fails 'File too large' sync "$file"
sync "$file"
{
	echo read_branch
	head -c "$((limit - 13))" /dev/zero | tr '\0' '#'
	echo
} >"$work/large"
cp "$work/large" "$file"
assert_eq read_branch "$(cat "$file")"

# So is a truncation to more, also by a program that does not look at what it says.
grant ci shop write_backups # not what this mount has just revoked
refresh
python3 - "$file" "$limit" <<'PYTHON'
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
os.write(fd, b"read_branch\n#############\n")
try:
    os.ftruncate(fd, int(sys.argv[2]) + 1)
    sys.exit("it was truncated")
except OSError:
    pass
try:
    os.close(fd)
    sys.exit("it was closed as if nothing had been")
except OSError as error:
    if error.strerror != "File too large":
        sys.exit(error.strerror)
PYTHON
assert_eq $'read_branch\nwrite_backups' "$(cat "$file")"
assert_fails 'File too large' sync "$file"
sync "$file"

words=$(constant grammar.h GRAMMAR_WORDS_MAX)
for ((i = 0; i <= words; i++)); do echo a; done >"$work/words"
assert_fails 'Invalid argument' cp "$work/words" "$file"
assert_contains "$(errors_last)" "more than $words words"
assert_eq $'read_branch\nwrite_backups' "$(cat "$file")"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# echo, printf, cat, tee, cp, dd and a group of commands write permissions, with > and with >>.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
file=$tokens/ci/databases/shop/permissions
printf '%s\n' create_branch delete_branch >"$work/text"

# Each begins with read_branch granted. Replacing leaves the two of the text, appending all three.
replace=(
	"echo create_branch delete_branch >$file"
	"printf '%s\n' create_branch delete_branch >$file"
	"cat $work/text >$file"
	"cat <$work/text >$file"
	"tee $file <$work/text >/dev/null"
	"cp $work/text $file"
	"cp -f $work/text $file"
	"cp -p $work/text $file"
	"dd if=$work/text of=$file status=none"
	"{ echo create_branch; cat /dev/null; echo delete_branch; } >$file"
	"sort -r $work/text >$file"
	"dash -c 'echo create_branch delete_branch >$file'"
)
# Appending to what was truncated, while somebody looks at the file.
reopened='use Fcntl; sysopen(F, shift, O_WRONLY | O_APPEND | eval(shift)) and truncate(F, 0) or die; stat F;
	syswrite(F, "create_branch\n") and -s F and syswrite(F, "delete_branch\n") and close(F) or die $!'
replace+=(
	"perl -e '$reopened' $file 0"
	"perl -e '$reopened' $file O_TRUNC"
)
append=(
	"echo create_branch delete_branch >>$file"
	"printf '%s\n' create_branch delete_branch >>$file"
	"cat $work/text >>$file"
	"tee -a $file <$work/text >/dev/null"
	"dd if=$work/text of=$file oflag=append conv=notrunc status=none"
	"{ echo create_branch; cat /dev/null; echo delete_branch; } >>$file"
	"dash -c 'echo create_branch delete_branch >>$file'"
)

# after COMMAND EXPECTED
after() {
	echo read_branch >"$file"
	assert_eq read_branch "$(scopes_of ci shop)"
	bash -c "$1" || fail "failed: $1"
	sync "$file"
	assert_eq "$2" "$(scopes_of ci shop)" "$1"
	assert_eq "${2// /$'\n'}" "$(cat "$file")" "$1"
}

for command in "${replace[@]}"; do after "$command" 'create_branch delete_branch'; done
for command in "${append[@]}"; do after "$command" 'create_branch delete_branch read_branch'; done

# Nothing else came to be there, and nothing was left behind.
assert_eq permissions "$(ls -A "$tokens/ci/databases/shop")"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A permissions file has one text, whatever number of handles and processes write it, in shells and other languages.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount -o rate=0
F=$tokens/ci/databases/shop/permissions
export F new=$work/new bad=$work/bad
echo read_database >"$new"
echo nonsense >"$bad"

wrong=0

# after STATUS EXPECTED COMMAND: with create_branch and read_branch granted at the start.
after() {
	local found=0
	echo create_branch read_branch >"$F"
	sync "$F"
	assert_eq 'create_branch read_branch' "$(scopes_of ci shop)" "before: $3"
	bash -c "$3" >"$work/said" 2>&1 </dev/null || found=$?
	[[ $found == "$1" ]] || { wrong=1 && echo "status $found, not $1: $3: $(cat "$work/said")" >&2; }
	sync "$F" 2>/dev/null || true
	found=$(scopes_of ci shop)
	[[ $found == "$2" ]] || { wrong=1 && echo "granted \"$found\", not \"$2\": $3: $(cat "$work/said")" >&2; }
}

after 0 read_branch 'exec 3>$F; echo read_branch >$F; exec 3>&-'
after 0 read_database 'exec 3>$F; echo read_database >>$F; exec 3>&-'
after 0 read_database 'cat $new >$F 2>$F'
after 0 read_database 'coreutils cp $new $F'
after 1 'create_branch read_branch' 'coreutils cp $bad $F'
all='create_branch read_backups read_branch read_database'
after 0 "$all" 'perl -e '\''open($f,"+<",$ENV{F}); seek($f,0,2); print $f "read_database\n"; seek($f,0,2); print $f "read_backups\n"; close $f or die'\'
after 0 "$all" 'python3 -c "
import os
f = open(os.environ[\"F\"], \"r+\")
f.seek(0, 2); f.write(\"read_database\n\"); f.flush(); f.seek(0, 2); f.write(\"read_backups\n\"); f.close()"'
after 0 "$all" 'ruby -e "File.open(ENV[\"F\"], \"r+\") { |f| f.seek(0, 2); f.puts \"read_database\"; f.seek(0, 2); f.puts \"read_backups\" }"'
after 0 "$all" 'echo "set f [open \$env(F) r+]; seek \$f 0 end; puts \$f read_database; seek \$f 0 end; puts \$f read_backups; close \$f" | tclsh /dev/stdin'
after 0 read_database 'python3 -c "
import os
f = open(os.environ[\"F\"], \"w\"); f.seek(0, 2); assert f.tell() == 0; f.write(\"read_database\n\"); f.close()"'
after 0 read_database 'php -r "\$f = fopen(getenv(\"F\"), \"w\"); fseek(\$f, 0, SEEK_END); ftell(\$f) == 0 or exit(9); fwrite(\$f, \"read_database\n\"); fclose(\$f);"'
after 0 read_database 'python3 -c "
import os
d = os.open(os.environ[\"F\"], os.O_WRONLY | os.O_TRUNC)
assert os.fstat(d).st_size == 0
os.write(d, b\"read_database\n\")
assert os.fstat(d).st_size == 14
os.close(d)"'
# What is revoked after it was granted stays revoked when the process that granted it closes.
later='rm -f $work/wrote $work/go
	(echo read_branch; touch $work/wrote; until [[ -e $work/go ]]; do sleep .02; done) >$F &
	until [[ -e $work/wrote ]]; do sleep .02; done'
export work
# A line with a sign makes the text an edit, which takes nothing else away.
after 0 create_branch "$later; echo -read_branch >>\$F; touch \$work/go; wait"
after 0 '' "$later; rm \$F; touch \$work/go; wait"
after 0 '' 'python3 -c "
import os
d = os.open(os.environ[\"F\"], os.O_WRONLY | os.O_TRUNC)
os.write(d, b\"read_branch\n\")
os.truncate(os.environ[\"F\"], 0)
os.close(d)"'
for tool in dos2unix unix2dos; do
	after 0 'create_branch read_branch' "$tool \$F"
	! grep -q 'Operation not permitted' "$work/said" || fail "$tool: $(cat "$work/said")"
done
after 1 'create_branch read_branch' 'printf "\357\273\277read_branch\n" >$F'
grep -q 'byte order mark' "$mnt/.pscalefs/errors" || fail "errors does not name the byte order mark"

[[ $wrong -eq 0 ]] || fail "as above"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Somebody else changes what is granted between an editor's reading and its saving: the file's mtime
# moves, so the editor asks; and what is written means what it says against what is granted by then.
. "$(dirname "$0")/lib.sh"

screen=$root/tests/fs/tools/screen

start_emulator
for token in vim nano emacs plain; do
	add_token "$token"
	grant "$token" shop create_branch read_branch
done
start_mount -o cache=600

# elsewhere TOKEN: what somebody else does meanwhile, and the mount sees it.
elsewhere() {
	grant "$1" shop delete_branch
	refresh
	cat "$(file "$1")" >/dev/null
}
file() { echo "$tokens/$1/databases/shop/permissions"; }

# --- what is written means what it says ---

plain=$(file plain)
cat "$plain" >/dev/null
before=$(stat -c %y "$plain")
elsewhere plain
[[ $(stat -c %y "$plain") != "$before" ]] || fail 'somebody else changed the content and the mtime stayed'

# A cache that knows nothing of it makes no difference to any of these. What others do here is never
# about what this mount has just changed: that would be known as it was for some seconds more.
grant plain shop connect_branch
echo create_branch >"$plain"
assert_eq create_branch "$(scopes_of plain shop)" '> means exactly this set'
grant plain shop create_comment
echo read_branch >>"$plain"
assert_eq 'create_branch create_comment read_branch' "$(scopes_of plain shop)" '>> adds'
grant plain shop read_comment
echo -read_branch >>"$plain"
assert_eq 'create_branch create_comment read_comment' "$(scopes_of plain shop)" '>> -scope takes one away'
grant plain shop read_backups
echo -create_branch >"$plain"
assert_eq 'create_comment read_backups read_comment' "$(scopes_of plain shop)" '> -scope takes one away'
revoke plain shop read_comment
sed -i 's/read_backups/write_backups/' "$plain"
assert_eq 'create_comment read_comment write_backups' "$(scopes_of plain shop)" 'sed -i writes all that it read'

# A grant that somebody else took away meanwhile is granted again, if the text says so.
revoke plain shop create_comment
printf '%s\n' create_comment write_backups >"$plain"
assert_eq 'create_comment write_backups' "$(scopes_of plain shop)"
# Also if this mount has granted it a moment ago: what is remembered is no answer.
revoke plain shop create_comment
printf '%s\n' create_comment write_backups >"$plain"
assert_eq 'create_comment write_backups' "$(scopes_of plain shop)"
# One that somebody else took away and the text leaves out is simply gone.
revoke plain shop create_comment
echo write_backups >"$plain"
assert_eq write_backups "$(scopes_of plain shop)"

# --- editors ask ---

# edit TOKEN COMMAND STEP…: among the steps, "@…/changed" waits until meanwhile() is over.
edit() {
	local token=$1 program=$2
	shift 2
	mkdir -p "$work/$token"
	(
		cd "$tokens/$token/databases/shop"
		HOME=$work/home TERM=xterm-256color PATH=/usr/bin:/bin:$PATH SCREEN_PATIENCE=$((10 * slower)) \
			"$screen" "$work/$token" "$program" "$@" || exit
	) >"$work/$token/said" 2>&1 &
	editor=$!
}

# meanwhile TOKEN: once the editor shows the file.
meanwhile() {
	wait_for tmux -S "$work/$1/tmux" has-session
	wait_for eval "tmux -S '$work/$1/tmux' capture-pane -p | grep -q read_branch"
	elsewhere "$1"
	touch "$work/$1/changed"
}

# warned TOKEN TEXT: it said so, and what somebody else granted is there.
warned() {
	status_of "$editor"
	[[ $status -eq 0 ]] || fail "$1 ended with $status: $(cat "$work/$1/said")"
	assert_contains "$(cat "$work/$1/said")" "$2"
	assert_eq 'create_branch delete_branch read_branch' "$(scopes_of "$1" shop)" "$1"
}

edit vim 'vim --clean permissions' '?read_branch' "@$work/vim/changed" '=:%s/create_branch/connect_branch/' Enter \
	'=:w' Enter '?y/n' '=n' '=:q!' Enter
meanwhile vim
warned vim 'has been changed since reading it'

# nano compares whole seconds, on any file system.
second_is_over() { [[ $(date +%s) -gt $(stat -c %Y "$1") ]]; }
edit nano 'nano --ignorercfiles permissions' '?read_branch' "@$work/nano/changed" '=connect_branch' Enter \
	C-o Enter '?has changed' '?continue saving' '=n' C-x '?Save' '=n'
wait_for second_is_over "$(file nano)"
meanwhile nano
warned nano 'File on disk has changed'

edit emacs 'emacs -Q -nw permissions' '?read_branch' "@$work/emacs/changed" '=x' '?really edit' C-g \
	C-x C-c '?Save file|exit' '=n' '?exit anyway' '=yes' Enter
meanwhile emacs
warned emacs 'really edit'

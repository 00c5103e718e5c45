#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What is saved in one of the smaller editors on a terminal is granted, or the screen says that it failed.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

# "[+]" stays while there is something to save. The screen is waited for after Escape: a key that follows it at
# once is Alt and that key. With autoreload it would ask whether to load what has changed meanwhile.
kak_steps=('?read_branch' '=xcSCOPE' Enter '?SCOPE' Escape '?\[\+\] 1 sel' '=:write' Enter '?2:1 +1 sel|write.:|rename.:|close.:' '=:quit!' Enter)
screen_row 'kakoune' 'write=shown close=0' '' 'kak -n -e "set-option global autoreload no" permissions' "${kak_steps[@]}"
screen_row 'kakoune, replace' 'rename=shown rename=shown' 'replacing file failed' \
	'kak -n -e "set-option global autoreload no; set-option global writemethod replace" permissions' "${kak_steps[@]}"
# It does not look at what close says.
screen_row 'joe' 'write=shown close=0' 'Error writing file' 'joe permissions' '?read_branch' C-y '=SCOPE' Enter '?SCOPE' \
	C-k '=d' '?Name of file' Enter '?saved|Error' C-c '?Lose changes' '=y'
screen_row 'jed' 'write=shown fsync=shown' 'Write Failed|Error fsyncing' 'jed permissions' '?read_branch' C-k '=SCOPE' '?SCOPE' \
	C-x C-s '?Wrote|Failed|Error' C-x C-c '?Save' '=n' '?uit' '=y'
# It asks whether to save, again, and does not say why.
screen_row 'mg' 'write=shown close=shown' 'Save file' 'mg permissions' '?read_branch' C-k '=SCOPE' '?SCOPE' \
	C-x C-s C-x C-c '?Save file' '=n' '?exit' '=yes' Enter
screen_row 'ne' 'write=shown close=shown' 'I/O error' 'ne permissions' '?read_branch' C-y '=SCOPE' Enter '?SCOPE' \
	C-s '?Saved|error' C-q '?sure|without saving' '=y'
screen_row 'dte' 'write=shown close=shown' '' 'dte permissions' '?read_branch' C-x '=SCOPE' Enter '?SCOPE' \
	C-s '? 1:permissions|save: ' C-q '?sure|without saving' '=y'
# Into a file beside it, which is renamed: "safe save", and with backups. It asks for another name, and does not say why.
for mode in 1 2; do
	screen_row "mcedit, save mode $mode" 'rename=shown rename=shown' 'Save As' \
		"mkdir -p ~/.config/mc; printf \"[Midnight-Commander]\\neditor_option_save_mode=$mode\\neditor_edit_confirm_save=0\\n\" >~/.config/mc/ini; mcedit permissions" \
		'?read_branch' C-y '=SCOPE' Enter F2 '?Save As|\[----\]' F10 '?\[-M--\] ' F10 '?losing|uit|odified' '=n'
done

run_rows

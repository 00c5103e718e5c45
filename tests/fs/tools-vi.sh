#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a person saves in vim and its kin on a terminal is granted, or the screen says that it failed.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

vi_steps=('?read_branch' '=:%s/create_branch/SCOPE/' Enter '=:w' Enter '?written|E[0-9]{3}|rror' Enter '=:q!' Enter)
vim_says='E514|E512|E667'
# Below /tmp vim makes no backup by default; elsewhere as with backupskip empty.
for backupcopy in auto yes no auto,breakhardlink; do
	screen_row "vim backupcopy=$backupcopy" 'write=shown fsync=shown' "$vim_says" \
		"vim --clean -c \"set backupcopy=$backupcopy backupskip=\" permissions" "${vi_steps[@]}"
done
screen_row 'vim below /tmp' 'write=shown fsync=shown' "$vim_says" 'vim --clean permissions' "${vi_steps[@]}"
screen_row 'vim, undo and backup' 'write=shown fsync=shown' "$vim_says" \
	'vim --clean -c "set undofile backup backupskip=" permissions' "${vi_steps[@]}"
screen_row 'nvim' 'write=shown close=shown' "$vim_says" 'nvim --clean -c "set backupskip=" permissions' "${vi_steps[@]}"
screen_row 'nvim below /tmp' 'write=shown close=shown' "$vim_says" 'nvim --clean permissions' "${vi_steps[@]}"
# It looks neither at ftruncate nor at close, and writes over the old text, which is judged only there.
screen_row 'busybox vi' 'close=0 close=0' '' 'busybox vi permissions' '?read_branch' '=:%s/create_branch/SCOPE/' Enter \
	'=:w' Enter '?[0-9]L, [0-9]*C|rror' '=:q!' Enter

run_rows

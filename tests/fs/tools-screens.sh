#!/usr/bin/env bash
#
# What a person saves in an editor on a terminal is granted, or the screen says that it failed.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

# screen_row NAME SHOWN MESSAGE COMMAND STEP…: the steps edit, save and leave without saving again.
screen_row() {
	row "$1" edit "$2" "\"\$SCREEN\" \"\$OUT\" '$4'$(printf " '%s'" "${@:5}" | sed "s/SCOPE/'\"\$SCOPE\"'/g")" "$3"
}

vi_steps=('?read_branch' '=:%s/create_branch/SCOPE/' Enter '=:w' Enter '?written|E[0-9]{3}|rror' Enter '=:q!' Enter)
vim_says='E514|E512|E667'
# Below /tmp vim makes no backup by default; elsewhere as with backupskip empty.
for backupcopy in auto yes no breakhardlink; do
	screen_row "vim backupcopy=$backupcopy" 'write=shown fsync=shown' "$vim_says" \
		"vim --clean -c \"set backupcopy=$backupcopy backupskip=\" permissions" "${vi_steps[@]}"
done
screen_row 'vim below /tmp' 'write=shown fsync=shown' "$vim_says" 'vim --clean permissions' "${vi_steps[@]}"
screen_row 'vim, undo and backup' 'write=shown fsync=shown' "$vim_says" \
	'vim --clean -c "set undofile backup backupskip=" permissions' "${vi_steps[@]}"
screen_row 'nvim' 'write=shown close=shown' "$vim_says" 'nvim --clean -c "set backupskip=" permissions' "${vi_steps[@]}"
screen_row 'nvim below /tmp' 'write=shown close=shown' "$vim_says" 'nvim --clean permissions' "${vi_steps[@]}"
# It looks neither at ftruncate nor at close, and writes over the old text, which is judged only there.
screen_row 'busybox vi' 'close=0 close=0' '' 'busybox vi permissions' "${vi_steps[@]}"
nano_steps=('?read_branch' C-k '=SCOPE' Enter C-o Enter '?Wrote|Error' C-x '=n')
screen_row 'nano' 'write=shown fsync=shown' '' 'nano --ignorercfiles permissions' "${nano_steps[@]}"
screen_row 'nano -B' 'write=shown fsync=shown' '' 'nano --ignorercfiles -B permissions' "${nano_steps[@]}"
screen_row 'nano -G' 'write=shown fsync=shown' '' 'nano --ignorercfiles -G permissions' "${nano_steps[@]}"
emacs_steps=('?read_branch' C-k '=SCOPE' C-x C-s '?Wrote|rror|nvalid' C-x C-c '?Save file' '=n' '?exit anyway' '=yes' Enter)
screen_row 'emacs -nw' 'write=shown fsync=shown' '' 'emacs -Q -nw permissions' "${emacs_steps[@]}"
screen_row 'emacs -nw, backups' 'write=shown fsync=shown' '' \
	'emacs -Q -nw --eval "(setq backup-enable-predicate (lambda (f) t))" permissions' "${emacs_steps[@]}"
# It asks for another name, and does not say why.
screen_row 'mcedit' 'write=shown close=shown' 'Save As' 'mcedit permissions' '?read_branch' C-y '=SCOPE' Enter \
	F2 '?onfirm' Enter '?Save As|\[----\]' F10 '?\[-M--\] ' F10 '?losing|uit|odified' '=n'
screen_row 'micro' 'write=shown close=shown' '' 'micro permissions' '?read_branch' C-k '=SCOPE' Enter C-s '?Saved|rror|nvalid' C-q '=n'

run_rows

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a person saves in an editor on a terminal is granted, or the screen says that it failed.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

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
	F2 '?Save file' Enter '?Save As|\[----\]' F10 '?\[-M--\] ' F10 '?losing|uit|odified' '=n'
screen_row 'micro' 'write=shown close=shown' '' 'micro permissions' '?read_branch' C-k '=SCOPE' Enter C-s '?Saved|rror|nvalid' C-q '=n'

run_rows

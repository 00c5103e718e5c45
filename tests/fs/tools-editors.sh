#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What editors save is granted or they say that it failed, and nothing is lost for a moment.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

# Without a terminal.
row 'ed' edit 'write=1 close=1' 'printf "%s\n" "/create_branch/s//$SCOPE/" w q | ed -s $F'
row 'ex' edit 'write=~1 fsync=~1' 'ex -s -c "%s/create_branch/$SCOPE/" -c "wq" $F'
row 'emacs --batch' edit 'write=255 fsync=255' 'emacs -Q --batch --eval "
(progn (find-file (getenv \"F\")) (goto-char (point-min)) (while (search-forward \"create_branch\" nil t)
	(replace-match (getenv \"SCOPE\"))) (save-buffer))"'

run_rows

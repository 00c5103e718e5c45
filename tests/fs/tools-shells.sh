#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What shells write with > and >> is granted or said to have failed, and never lost for a moment.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

# Every shell checks what write says, and none what close says.
for shell in bash dash zsh mksh 'busybox sh' fish; do
	words='' silent=1
	[[ $shell != dash ]] || words='I/O error'
	[[ $shell != busybox* ]] || silent='~1' # its printf fails and does not say why
	row "$shell: echo >" replace "write=1 close=0" "$shell -c 'echo \$TEXT >\$F'" "$words"
	row "$shell: echo >>" append "write=1" "$shell -c 'echo \$SCOPE >>\$F'" "$words"
	row "$shell: printf >" replace "write=$silent close=0" "$shell -c 'printf \"%s\\n\" \$SCOPE read_branch >\$F'" "$words"
	[[ $shell == fish ]] || row "$shell: > f" empty "- close=0" "$shell -c '>\$F'"
done
row 'bash: group' replace 'write=1 close=0' '{ echo $SCOPE && cat /dev/null && echo read_branch; } >$F'
row 'bash: no newline' replace 'close=0 close=0' 'printf %s "$TEXT" >$F'
row 'bash: exec 3>' replace 'write=1 close=0' 'exec 3>$F; echo $TEXT >&3'
row 'bash: edit' append 'write=1' 'echo +$SCOPE >$F'

run_rows

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A file that was moved aside and made anew in vain is taken back, as vim does, by the process that moved
# it. Anybody else who removes it revokes.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
start_mount
file=$tokens/ci/databases/shop/permissions

# steps STEP…: each step in a process of its own.
steps() {
	local step
	for step; do
		F=$file python3 -c "
import os
F = os.environ['F']
def move(): os.rename(F, F + '~')
def make():
    try:
        with open(F, 'w') as f: f.write('no_such_scope\n')
    except OSError: pass
def remove(): os.unlink(F)
$step"
	done
}

both='create_branch read_branch'
try() {
	echo create_branch read_branch >"$file"
	sync "$file"
	steps "${@:2}"
	assert_eq "$1" "$(scopes_of ci shop)" "${*:2}"
}
allow_error .
try "$both" 'move(); make(); remove()'
try '' 'move(); make()' 'remove()'
try '' 'move()' 'make(); remove()'
try '' 'move()' 'make()' 'remove()'
try '' 'make(); remove()'

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What walks down from above and removes everything removes no token and no right.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount -o rate=0
for token in one two; do
	mkdir "$tokens/$token"
	echo read_branch >>"$tokens/$token/databases/shop/permissions"
	echo read_organization >>"$tokens/$token/permissions"
done
before=$(holdings)

# survives COMMAND…: it may fail as it likes.
survives() {
	api_clear
	run "$@"
	assert_changes
	assert_eq "$before" "$(holdings)" "$*"
}

survives rm -rf "$mnt"
survives rm -rf "$org"
survives rm -rf "$tokens"
survives find "$mnt" -delete
survives find "$tokens" -mindepth 1 -delete
survives busybox rm -rf "$mnt"

# Nor does one that has read the names so often that the kernel answers it, or one that is called then.
survives python3 -c 'import os, shutil, subprocess, sys
for _ in range(4): names = os.listdir(sys.argv[1])
subprocess.run(["rm", "-rf", sys.argv[1]])
for name in names: shutil.rmtree(os.path.join(sys.argv[1], name), ignore_errors=True)' "$tokens"

# While this, which names tokens by a property, removes them.
find "$tokens" -mindepth 1 -maxdepth 1 -name one -exec rm -r {} +
assert_eq two "$(ls "$tokens")"

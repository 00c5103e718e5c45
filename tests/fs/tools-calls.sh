#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What programs that are not on this machine would write is granted or said to have failed, and nothing is lost for
# a moment that they did not take away: their system calls, made by tools/calls.py.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

# calls NAME KIND SHOWN FUNCTION
calls() { row "$1" "$2" "$3" "python3 -I '$root/tests/fs/tools/calls.py' $4"; }

calls 'java Files.write' replace 'write=1 close=1' java_files_write
calls 'java Files.copy' remove 'write=1 unlink=1' java_files_copy
calls 'java RandomAccessFile, at the end' append 'write=1' java_random_access_end
calls 'java RandomAccessFile, anew' replace 'write=1 close=1' java_random_access_anew
calls 'java RandomAccessFile, over' replace 'close=1 close=1' java_random_access_over
calls 'go os.WriteFile' replace 'write=1 close=1' go_write_file
calls 'go os.OpenFile, at the end' append 'write=1' go_seek_end
calls 'go os.Create, Sync' replace 'write=1 fsync=1' go_create_sync
calls 'coreutils 9.7 cp -p' replace 'write=1 close=1' coreutils_cp_p
calls 'coreutils 9.7 mv from another' remove 'write=1 unlink=1' coreutils_mv
calls 'uutils 0.8 cp' replace 'write=1 close=0' uutils_cp
calls 'QSaveFile' replace 'rename=1 rename=1' qsavefile

run_rows

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What programs write into the file is granted or said to have failed, and nothing is lost for a
# moment.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

# Whole, from a text elsewhere.
row 'cat >' replace 'write=1 close=1' 'cat $T >$F'
row '/bin/echo >' replace 'write=1 close=1' '/bin/echo $TEXT >$F'
row 'cp' replace 'write=1 close=1' 'cp $T $F'
row 'cp -f' replace 'write=1 close=1' 'cp -f $T $F'
row 'cp -p' replace 'write=1 close=1' 'cp -p $T $F'
row 'cp -a' replace 'write=1 close=1' 'cp -a $T $F'
row 'cp -r directory' replace 'write=1 close=1' 'mkdir $OUT/new && cp $T $OUT/new/permissions && cp -r $OUT/new/. .'
row 'busybox cp' replace 'write=1 close=1' 'busybox cp $T $F'
row 'tee' replace 'write=1 close=1' 'tee $F <$T >/dev/null'
row 'tee -a' append 'write=1' 'echo $SCOPE | tee -a $F >/dev/null'
row 'dd' replace 'write=1 close=1' 'dd if=$T of=$F status=none'
row 'dd conv=fsync' replace 'write=1 fsync=1' 'dd if=$T of=$F conv=fsync status=none'
row 'dd oflag=append' append 'write=1' 'echo $SCOPE | dd of=$F oflag=append conv=notrunc status=none'
row 'sponge' replace 'write=1 close=1' 'sponge $F <$T'
row 'tar x --overwrite' replace 'write=2 close=2' 'cp $T $OUT/permissions && tar cf $OUT/t -C $OUT permissions && tar xf $OUT/t --overwrite'

run_rows

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Programs that read the file they write, write over it, empty it or remove it first: what they say
# is what happened, and nothing is lost for a moment that they did not take away.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

# The file itself as input.
row 'sed > f' edit 'write=4 close=4' 'sed "s/create_branch/$SCOPE/" $F >$F'
row 'sort > f' append 'write=2' '{ cat $F; echo $SCOPE; } >$OUT/all && sort $F $OUT/all -u >$F'
row 'sort -o' append 'write=2' 'echo $SCOPE >$OUT/more && sort -o $F $F $OUT/more'
row 'sed | sponge' edit 'write=1 close=1' 'sed "s/create_branch/$SCOPE/" $F | sponge $F'
row 'sponge -a' append 'write=1' 'echo $SCOPE | sponge -a $F'

# In place, over the old text.
row 'dd conv=notrunc' edit 'close=1 close=1' 'sed "s/create_branch/$(printf %-13s $SCOPE)/" $F | dd of=$F conv=notrunc status=none'
row 'python r+' edit 'close=1 close=1' 'python3 -c "
import os
with open(os.environ[\"F\"], \"r+\") as f:
	text = f.read(); f.seek(0); f.write(text.replace(\"create_branch\", os.environ[\"SCOPE\"])); f.truncate()"'
row 'rsync --inplace' replace 'close=11 close=11' 'cp $T $OUT/permissions && rsync --inplace $OUT/permissions $F'

# To nothing.
row 'cp /dev/null' empty '- close=0' 'cp /dev/null $F'
row 'truncate -s 0' empty '- close=1' 'truncate -s 0 $F'
row 'truncate(2)' empty '- truncate=1' 'python3 -c "import os; os.truncate(os.environ[\"F\"], 0)"'
row 'rm' empty '- unlink=1' 'rm $F'
row 'sed /./d > f' empty '- close=0' 'sed /./d $F >$F'

# Removed first, then written.
row 'cp --remove-destination' remove 'write=1 unlink=1' 'cp --remove-destination $T $F'
row 'install' remove 'write=1 unlink=1' 'install -m 600 $T $F'
row 'mv from another' remove 'write=1 unlink=1' 'mv $T $F'
row 'tar x' remove 'write=2 unlink=2' 'cp $T $OUT/permissions && tar cf $OUT/t -C $OUT permissions && tar xf $OUT/t' 'File exists|Invalid argument'
row 'git apply' remove 'write=128 unlink=128' 'sed "s/create_branch/$SCOPE/" $F | diff -u --label a/permissions --label b/permissions $F - | git apply'

# Not offered here: nothing changes.
row 'ln' refused 'link=1' 'ln $F permissions.hard'
row 'ln -sf' refused 'link=1' 'ln -sf $T $F'
row 'cp, mistyped' refused 'create=1' 'cp $T permisions'

run_rows

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What programs write beside the file and rename over it is granted or said to have failed, and
# never lost for a moment; the file stays what it was if it failed.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

row 'sed -i' edit 'rename=4 rename=4' 'sed -i "s/create_branch/$SCOPE/" permissions'
row 'sed -i, absolute' edit 'rename=4 rename=4' 'sed -i "s/create_branch/$SCOPE/" $F'
row 'sed -i.bak' edit 'rename=4 rename=4' 'sed -i.bak "s/create_branch/$SCOPE/" $F'
row 'sed -i, append' append 'rename=4' 'sed -i "\$a $SCOPE" $F'
row 'perl -i' edit 'rename=errno rename=errno' 'perl -pi -e "s/create_branch/$SCOPE/" $F'
row 'perl -i.bak' edit 'rename=errno rename=errno' 'perl -pi.bak -e "s/create_branch/$SCOPE/" $F'
row 'gawk -i inplace' edit 'rename=2 rename=2' 'gawk -i inplace "{ sub(\"create_branch\", ENVIRON[\"SCOPE\"]); print }" $F'
row 'busybox sed -i' edit 'rename=1 rename=1' 'busybox sed -i "s/create_branch/$SCOPE/" $F'
row 'rsync' replace 'rename=23 rename=23' 'cp $T $OUT/permissions && rsync $OUT/permissions $F'
row 'rsync -a' replace 'rename=23 rename=23' 'cp $T $OUT/permissions && rsync -a $OUT/permissions .'
row 'mv within' replace 'rename=1 rename=1' 'cp $T permissions.new && mv permissions.new permissions'
row 'mktemp, mv' replace 'rename=1 rename=1' 't=$(mktemp tmp.XXXXXX) && cat $T >$t && mv -f $t permissions'
row 'python os.replace' replace 'rename=1 rename=1' 'python3 -c "
import os, tempfile
f, name = tempfile.mkstemp(dir=\".\")
os.write(f, (os.environ[\"TEXT\"] + \"\n\").encode())
os.fsync(f); os.close(f); os.replace(name, os.environ[\"F\"])"'
row 'cp -b' replace 'write=1 close=1' 'cp -b $T $F'
row 'gio save' replace 'rename=2 rename=2' 'gio save $F <$T'
row 'gio copy' replace 'rename=1 rename=1' 'gio copy $T $F'
row 'patch' edit 'rename=2 rename=2' 'sed "s/create_branch/$SCOPE/" $F >$OUT/new; diff -u $F $OUT/new >$OUT/p; patch -s $F $OUT/p'
# It looks whether the mode is what it set, unless told not to.
row 'unison' replace 'rename=2 rename=2' 'mkdir $OUT/new && cp $T $OUT/new/permissions && UNISON=$OUT/u unison -ui text -batch -perms 0 -force $OUT/new $OUT/new .'
row 'unison, backups' replace 'rename=2 rename=2' 'mkdir $OUT/new && cp $T $OUT/new/permissions && UNISON=$OUT/u unison -ui text -batch -perms 0 -force $OUT/new -backup "Name *" -backuploc local $OUT/new .'

run_rows

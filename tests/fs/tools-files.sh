#!/usr/bin/env bash
#
# What programs write into the file itself, whole or in part, is granted or said to have failed,
# and never lost for a moment.
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
row 'python, not closed' replace 'write=0 close=0' 'python3 -c "import os; open(os.environ[\"F\"], \"w\").write(os.environ[\"TEXT\"] + \"\n\")"'
row 'python with open(w)' replace 'write=1 close=1' 'python3 -c "
import os
with open(os.environ[\"F\"], \"w\") as f: f.write(os.environ[\"TEXT\"] + \"\n\")"'
row 'python open(a)' append 'write=1' 'python3 -c "
import os
with open(os.environ[\"F\"], \"a\") as f: f.write(os.environ[\"SCOPE\"] + \"\n\")"'
row 'node writeFileSync' replace 'write=1 close=1' 'node -e "fs.writeFileSync(process.env.F, process.env.TEXT + \"\n\")"'
row 'perl open >' replace 'write=errno close=errno' 'perl -e "open(\$f, \">\", \$ENV{F}) && print(\$f \"\$ENV{TEXT}\n\") && close(\$f) or die \$!"'
row 'gawk print >' replace 'write=2 close=0' 'gawk "{ print > ENVIRON[\"F\"] }" $T'
row 'mawk print >' replace 'write=2 close=2' 'mawk "{ print > ENVIRON[\"F\"] }" $T'
row 'curl -o' replace 'write=23 close=23' 'curl -sS -o $F file://$T' 'Failed writing'

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

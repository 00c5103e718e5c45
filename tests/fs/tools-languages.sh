#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What programs in other languages write into the file is granted or said to have failed, and nothing is lost for a
# moment.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

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
# curl 7.88 says "Failed writing body", 8.14 says nothing
row 'curl -o' replace 'write=~23 close=~23' 'curl -sS -o $F file://$T'

run_rows

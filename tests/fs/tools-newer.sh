#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What further languages and a cp that opens its target twice write into the file is granted or said to have
# failed, and nothing is lost for a moment.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"
. "$root/tests/fs/tools/engine.sh"

row 'uutils cp' replace 'write=1 close=0' 'coreutils cp $T $F'
row 'uutils cp -r' replace 'write=1 close=0' 'mkdir $OUT/shop && cp $T $OUT/shop/permissions && coreutils cp -r $OUT/shop ..'
row 'uutils tee' replace 'write=1 close=0' 'coreutils tee $F <$T >/dev/null'
row 'php file_put_contents' replace 'write=1 close=0' 'php -r "file_put_contents(getenv(\"F\"), getenv(\"TEXT\").\"\n\") or exit(1);"'
row 'ruby File.write' replace 'write=1 close=1' 'ruby -e "File.write(ENV[\"F\"], ENV[\"TEXT\"] + \"\n\")"'
row 'lua io.open' replace 'write=1 close=1' 'lua5.4 -e "local f = assert(io.open(os.getenv(\"F\"), \"w\")) assert(f:write(os.getenv(\"TEXT\"), \"\n\")) assert(f:close())"'
row 'tclsh open w' replace 'write=1 close=1' 'echo "set f [open \$env(F) w]; puts \$f \$env(TEXT); close \$f" | tclsh /dev/stdin'
row 'ruby r+' edit 'write=1 close=1' 'ruby -e "File.open(ENV[\"F\"], \"r+\") { |f| s = f.read.sub(\"create_branch\", ENV[\"SCOPE\"]); f.rewind; f.truncate(0); f.write(s) }"'

run_rows

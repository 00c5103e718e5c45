#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The completions for bash, zsh and fish know the options and mount options of `pscalefs -h`, no more and no
# less, and complete them in each shell at a terminal: words of -o after others, their values, files,
# directories, and what `pscalefs run` runs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/shells.bash"

help=$("$program" -h)

# --- the same options as in the help ---

options=$(sed -n '/^Options/,/^ *-o api-url/s/^  \(-[a-zA-Z], \)\?\(-[-a-zA-Z]*\).*/\1\2/p' <<<"$help" | tr -d , |
	tr ' ' '\n' | sort -u)
words=$(sed -n 's/^  -o \([a-z][a-z-]*=\?\).*/\1/p' <<<"$help" | sort)
assert_contains "$options" --api-url --no-namespace -V
assert_contains "$words" credentials= sandbox= offline

list() { tr -s ' ' '\n' | sort -u; }
bash_options=$(sed -n "s/.*_pscalefs_reply '' \"\$current\" \(-f .*\) ;;/\1/p" "$completions/pscalefs.bash")
bash_words=$(sed -n 's/^[[:space:]]*\(api-url= .*\)/\1/p' "$completions/pscalefs.bash")
assert_eq "$options" "$(list <<<"$bash_options")" 'options of bash'
assert_eq "$words" "$(list <<<"$bash_words")" 'words of bash'

zsh_options=$(sed -n '/^options=/,/^)/{s/\[.*//; s/.*)//; p}' "$completions/_pscalefs" | tr "'{}*+=," ' ' | list |
	grep '^-')
zsh_words=$(sed -n '/^_pscalefs_words/,/^}/p' "$completions/_pscalefs" |
	sed -nE "s/^ +'(\([a-z]+\))?([a-z-]+)\[[^]]*\](:?).*/\2\3/p" | tr : = | sort)
assert_eq "$options" "$zsh_options" 'options of zsh'
assert_eq "$words" "$zsh_words" 'words of zsh'

fish_options=$(grep '^complete' "$completions/pscalefs.fish" | grep -oE -e ' -[sl] [a-zA-Z-]+' |
	sed 's/ -s /-/; s/ -l /--/' | sort -u)
fish_words=$(sed -nE "s/^ {16}([a-z-]+=?) '.*/\1/p" "$completions/pscalefs.fish" | sort)
assert_eq "$options" "$fish_options" 'options of fish'
assert_eq "$words" "$fish_words" 'words of fish'

# --- at a terminal ---

mkdir "$work/home/here/the-directory"
touch "$work/home/here/the-file"
completes_options() {
	completes 'pscalefs --no-n' 'pscalefs --no-namespace'
	completes 'pscalefs -o sandb' 'pscalefs -o sandbox='
	completes 'pscalefs -o ro,offl' 'pscalefs -o ro,offline'
	completes 'pscalefs -o sandbox=of' 'pscalefs -o sandbox=off'
	completes 'pscalefs -o cache=5,credentials=the-f' 'pscalefs -o cache=5,credentials=the-file'
	completes 'pscalefs -o credentials=the-file,tim' 'pscalefs -o credentials=the-file,timeout='
	completes 'pscalefs --cacert the-f' 'pscalefs --cacert the-file'
	completes 'pscalefs chec' 'pscalefs check'
	completes 'pscalefs -f the-' 'pscalefs -f the-directory/'
	completes 'pscalefs run tmu' 'pscalefs run tmux'
	completes 'pscalefs run -o ro -- cat the-f' 'pscalefs run -o ro -- cat the-file'
}
each_shell completes_options

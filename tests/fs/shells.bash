# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
#
# bash, zsh and fish at a terminal (tmux), with the completions of this repository. To be sourced after lib.sh.
#
#   each_shell FUNCTION            call it with each shell in turn at the prompt, in $work/home/here
#   completes TYPED SHOWN [KEY…]   what stands there after the keys and a tab
#   does COMMAND                   run it

completions=$root/contrib/completions
terminal=(env --ignore-environment TERM=screen LC_ALL=C.UTF-8 "PATH=/usr/bin:/bin" "HOME=$work/home"
	tmux -S "$work/tmux" -f /dev/null)
# Without what a shell writes at the right, the comma that zsh takes away before the next space, and the space
# after a word where there is one already.
screen() { "${terminal[@]}" capture-pane -p -J | sed -E 's/ +/ /g; s/,? *$//; /^$/d'; }
shows() { [[ $'\n'$(screen)$'\n' == *$'\n'"$1"$'\n'* ]]; }
assert_shows() { wait_quietly shows "$1" || give_up "no line \"$1\""; }
give_up() { fail "$shell: $1: $(screen)"; }

# It is no child of the test.
close_terminal() {
	local outcome=$?
	"${terminal[@]}" kill-server 2>/dev/null || true
	return "$outcome"
}
trap 'close_terminal && true; finish' EXIT

# types TEXT: at the prompt.
types() {
	"${terminal[@]}" send-keys C-u \; send-keys -l "$1"
	assert_shows "> $1"
}

# does COMMAND: it runs, and the screen is empty again.
does() {
	types "$1"
	"${terminal[@]}" send-keys Enter
	clears
}

clears() {
	"${terminal[@]}" send-keys C-e C-u C-l
	wait_quietly only_prompt || give_up 'the screen is not cleared'
}
only_prompt() { [[ $(screen) == '>' ]]; }

# completes TYPED SHOWN [KEY…]: the line after a tab, or after these keys; a menu may be below.
completes() {
	types "$1"
	"${terminal[@]}" send-keys "${@:3}" Tab
	assert_shows "> $2"
	clears
}

mkdir -p "$work/home/here" "$work/zsh"
# As they are installed, for bash-completion to find; and without that.
mkdir -p "$work/home/.local/share/bash-completion/completions"
for name in pscalefs _echo _printf; do
	ln -s "$completions/pscalefs.bash" "$work/home/.local/share/bash-completion/completions/$name"
done
cat >"$work/bashrc" <<RC
PS1='> '
. /usr/share/bash-completion/bash_completion
RC
cat >"$work/bashrc.alone" <<RC
PS1='> '
. "$completions/pscalefs.bash"
RC
cat >"$work/zsh/.zshrc" <<RC
PS1='> ' RPS1=
unsetopt prompt_sp
fpath=("$completions" \$fpath)
autoload -Uz compinit && compinit -u -D
RC
cat >"$work/config.fish" <<RC
function fish_prompt; echo -n '> '; end
function fish_right_prompt; end
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
source "$completions/pscalefs.fish"
source "$completions/pscalefs-echo.fish"
RC

shells=("bash --noprofile --rcfile $work/bashrc -i" "bash --noprofile --rcfile $work/bashrc.alone -i"
	"env ZDOTDIR=$work/zsh zsh -d -i" "fish --no-config -i -C 'source $work/config.fish'")

# each_shell FUNCTION: with its command in $shell.
each_shell() {
	for shell in "${shells[@]}"; do
		# Again while the server of the shell before still ends.
		wait_for "${terminal[@]}" new-session -d -x 200 -y 50 -c "$work/home/here" "$shell"
		assert_shows '>'
		"$@"
		"${terminal[@]}" kill-server
	done
}

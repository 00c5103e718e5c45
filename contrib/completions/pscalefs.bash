# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of pscalefs for bash 4 or later; installed as bash-completion/completions/pscalefs. It uses
# functions of bash-completion where they are loaded, and needs none.

# _pscalefs_reply PREFIX TEXT WORD...: offer the words that begin with TEXT; PREFIX is what stands before.
_pscalefs_reply() {
	local prefix=$1 text=$2
	shift 2
	mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$*" -- "$text")
}

_pscalefs_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# _pscalefs_words LIST CURRENT: the last word of a list for -o. CURRENT is what readline replaces, which
# begins after the last '=' or at the beginning of LIST.
_pscalefs_words() {
	local last=${1##*,} current=$2
	case $last in
	credentials=* | cacert=*) _pscalefs_files -f "$current" ;;
	sandbox=*) _pscalefs_reply '' "$current" on off ;;
	*=*) ;;
	*)
		_pscalefs_reply "${current%"$last"}" "$last" \
			api-url= cacert= credentials= org= timeout= cache= ttl= rate= ro rw offline sandbox=
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
		;;
	esac
}

# What `pscalefs run` runs completes as it does by itself. False if the cursor is not there.
_pscalefs_command() {
	local i word
	for ((i = 2; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--) ((i++)) && break ;;
		-o | --api-url | --cacert) ((i++)) ;; # its value, or the '=' before that
		=) ;;
		-*) ;;
		*) [[ ${COMP_WORDS[i - 1]} == = || ${COMP_WORDS[i + 1]-} == = ]] || break ;;
		esac
	done
	[[ $i -lt $COMP_CWORD || ${COMP_WORDS[COMP_CWORD - 1]} == -- ]] || return 1
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$i"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$i"
	elif [[ $i -eq $COMP_CWORD ]]; then
		_pscalefs_files -c "$1"
	else
		_pscalefs_files -f "$1"
	fi
}

_pscalefs() {
	local current=$2 line=${COMP_LINE:0:COMP_POINT} text before previous
	text=${line##*[[:blank:]]} # with what stands before an '='
	before=${line%"$text"}
	read -r -a before <<<"$before"
	previous=${before[-1]}
	COMPREPLY=()
	if [[ ${COMP_WORDS[1]} == run ]] && _pscalefs_command "$current"; then
		return
	fi
	case $previous in
	-o) _pscalefs_words "$text" "$current" && return ;;
	--cacert) _pscalefs_files -f "$current" && return ;;
	--api-url) return ;;
	esac
	case $text in
	-o*) _pscalefs_words "${text#-o}" "$current" ;;
	--cacert=*) _pscalefs_files -f "$current" ;;
	--*=*) ;;
	-*) _pscalefs_reply '' "$current" -f -d -h --help -V --version -o --api-url --cacert --no-namespace ;;
	*)
		if [[ ${COMP_WORDS[1]} == run ]]; then
			_pscalefs_files -c "$current"
		elif [[ ${COMP_WORDS[1]} != check ]]; then
			_pscalefs_files -d "$current"
			[[ $COMP_CWORD -ne 1 ]] ||
				mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'run check' -- "$current")
		fi
		;;
	esac
}

complete -F _pscalefs pscalefs

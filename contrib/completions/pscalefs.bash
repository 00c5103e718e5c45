# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion of pscalefs for bash 4 or later; installed as bash-completion/completions/pscalefs. It uses
# functions of bash-completion where they are loaded, and needs none.
#
# It also completes what echo and printf write into a mount: names of permissions. bash-completion loads it
# for these by the names _echo and _printf, which it takes where nobody else completes them.

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

# --- echo SCOPE >> .../permissions ---

# _pscalefs_target: where the command writes to, if it says so, into $target; false if the cursor is there.
_pscalefs_target() {
	local part='(\\.|"[^"]*"|'"'[^']*'"'|[^][:blank:]<>|&;()"'\''\\])' name value
	target=''
	[[ ! ${COMP_LINE:0:COMP_POINT} =~ [\<\>]\|?[[:blank:]]*$part*$ ]] || return 1
	# Not 2> and not &>.
	[[ $COMP_LINE =~ (^|[^0-9\&\<\>])1?\>\>?\|?[[:blank:]]*($part+) ]] || return 0
	target=${BASH_REMATCH[2]//[\"\'\\]/}
	if [[ $target == '~'/* ]]; then
		target=$HOME${target:1}
	elif [[ $target =~ ^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?(/.*)$ ]]; then
		name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
		target=${!name}$value
	fi
	[[ $target == /* ]] || target=$(pwd -P 2>/dev/null)/$target
	target=$(realpath -ms -- "$target") # a text of a text; it does not look
}

# _pscalefs_mount PATH: the mount that the path is in, into $mount. The kernel knows; no mount is asked.
_pscalefs_mount() {
	local rest
	while read -r _ _ _ _ mount rest; do
		[[ $rest == *' - fuse.pscalefs '* ]] || continue
		printf -v mount %b "${mount//\\/\\0}"
		[[ $1/ != "$mount"/* ]] || return 0
	done </proc/self/mountinfo
	return 1
}

# What echo writes into a mount, or from within one; else what it completes by itself.
_pscalefs_scopes() {
	local current=$2 target mount levels=(organization database) sign='' names=() name
	COMPREPLY=()
	_pscalefs_target || return 0
	if [[ $target == */databases/*([^/])/permissions ]]; then
		levels=(database)
	elif [[ $target == */permissions ]]; then
		levels=(organization)
	elif [[ $target ]]; then
		return 0
	fi
	_pscalefs_mount "${target:-$(pwd -P 2>/dev/null)}" || return 0
	for name in "${levels[@]}"; do
		while IFS=$'\t' read -r name _; do
			names+=("$name")
		done <"$mount/.pscalefs/scopes/$name"
	done 2>/dev/null
	name=${current##*[[:blank:],]}
	[[ $name != [-+]* ]] || sign=${name:0:1}
	mapfile -t COMPREPLY < <(compgen -P "${current%"$name"}$sign" -W "${names[*]}" -- "${name#"$sign"}")
	# Nothing says yet where it goes: it may be a file's name as well.
	if [[ ! $target && ${COMPREPLY[*]} ]]; then
		compopt -o filenames 2>/dev/null
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
	fi
}

complete -F _pscalefs pscalefs
for _pscalefs_word in echo printf; do
	complete -p "$_pscalefs_word" &>/dev/null ||
		complete -o bashdefault -o default -F _pscalefs_scopes "$_pscalefs_word"
done
unset _pscalefs_word

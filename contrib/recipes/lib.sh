# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # much here is for the recipes
#
# What the recipes share: options, the organization's directory, messages, and what is granted as lines.
# It changes nothing at PlanetScale.
set -euo pipefail
export LC_ALL=C
unset CDPATH

me=${0##*/}

# The recipe's head, without its first two lines, is its manual.
usage() { sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# fail MESSAGE…: what was asked could not be found out or done.
fail() {
	printf '%s: %s\n' "$me" "$*" >&2
	exit 2
}

# options LETTERS ARGUMENT…: -h, -C and these. A value is left in ${opt[LETTER]}; `shift "$options"` drops them.
declare -A opt=()
options() {
	local letter OPTIND=1
	if [[ ${2-} == --help ]]; then
		usage
		exit 0
	fi
	while getopts ":hC:$1" letter "${@:2}"; do
		case $letter in
		h)
			usage
			exit 0
			;;
		:) fail "-$OPTARG needs a value; $me -h tells more" ;;
		\?) fail "there is no option -$OPTARG; $me -h tells more" ;;
		*) opt[$letter]=${OPTARG-} ;;
		esac
	done
	options=$((OPTIND - 1))
}

# arguments LEAST MOST COUNT
arguments() { [[ $3 -ge $1 && $3 -le $2 ]] || fail "$3 arguments; $me -h tells more"; }

# days TEXT
days() { [[ $1 =~ ^[0-9]{1,5}$ ]] || fail "\"$1\" is not a number of days"; }

# Sets $org, the directory of the organization that -C names, or in which the working directory is, and $mount.
find_organization() {
	local at each candidates=()
	at=$(cd -- "${opt[C]-.}" && pwd -P) || fail "there is no directory ${opt[C]-.}"
	if [[ -e $at/.pscalefs/status ]]; then # the mount point, which is enough if it has one organization
		for each in "$at"/*/; do candidates+=("${each%/}"); done
		[[ ${#candidates[@]} -eq 1 && -d ${candidates[0]} ]] ||
			fail "$at is a mount; choose an organization in it, such as -C $at/acme"
		at=${candidates[0]}
	fi
	while [[ $at && ! -e $at/../.pscalefs/status ]]; do at=${at%/*}; done
	[[ $at && -d $at/service-tokens ]] ||
		fail "no organization of a mount of pscalefs here; go into one, or name it, such as -C ~/pscale/acme"
	org=$at
	mount=${at%/*}
	last_error=$(tail -n 1 "$mount/.pscalefs/errors")
}

# why: the reason of a failure, if the mount has noted one since the recipe began.
why() {
	local reason
	reason=$(tail -n 1 "$mount/.pscalefs/errors") || return 0
	[[ $reason == "$last_error" ]] || printf '%s: %s\n' "$me" "$reason" >&2
}

# Sets $scratch, a directory that goes when the recipe ends.
make_scratch() {
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
}

# --- what is granted, as lines ---

# values FILE: what each token's file of this name says, "NAME<tab>VALUE" a line; nothing where it is empty. Names
# in the tree have no tab or newline in them.
values() {
	(
		# shellcheck disable=SC2016 # the dollar is the inner shell's
		cd -- "$org/service-tokens" && find . -mindepth 2 -maxdepth 2 -name "$1" -exec sh -c 'grep -HZ . "$@" || [ $? -eq 1 ]' sh {} +
	) | tr '\0' '\t' | sed -e 's|^\./||' -e "s|/$1	|	|"
}

# grants DIRECTORY: what the tokens in it may do, in a mount's service-tokens or a snapshot's: sorted lines
# "ID<tab>NAME<tab>FILE<tab>WORD". FILE is "permissions" or "databases/NAME/permissions", and WORD a permission;
# or FILE is "id", and WORD the id. What is read is what `grep -r .` would read, or less.
grants() {
	(cd -- "$1" && { grep -rZ --include=id --include=permissions . . || [ $? -eq 1 ]; }) | tr '\0' '\t' |
		awk -v directory="$1" '
		function wrong(what) { print what > "/dev/stderr"; failed = 1; exit 1 }
		{
			at = index($0, "\t")
			path = substr($0, 3, at - 3)
			text = substr($0, at + 1)
			name = path
			sub(/\/.*/, "", name)
			file = substr(path, length(name) + 2)
			if (file == "id") {
				if (text in token) wrong(directory ": " token[text] " and " name " have the same id")
				id[name] = text
				token[text] = name
			} else if (file == "permissions" || file ~ /^databases\/[^\/]+\/permissions$/) {
				sub(/#.*/, "", text)
				words = split(text, word, /[ \t,]+/)
				for (i = 1; i <= words; i++) {
					if (word[i] == "") continue
					if (word[i] !~ /^[a-z0-9_]+$/) wrong(directory "/" path ": \"" word[i] "\" is no permission")
					count++
					grant_name[count] = name
					grant[count] = file "\t" word[i]
				}
			}
		}
		END {
			if (failed) exit 1
			for (name in id) print id[name] "\t" name "\tid\t" id[name]
			for (i = 1; i <= count; i++) {
				name = grant_name[i]
				if (!(name in id)) wrong(directory "/" name ": the file id is missing")
				print id[name] "\t" name "\t" grant[i]
			}
		}' | sort -u -t '	' -k 2
}

# A snapshot's directory has the organization's name in the file "organization".
# check_snapshot DIRECTORY: it is one of $org.
check_snapshot() {
	local of
	[[ -r $1/organization && -d $1/service-tokens ]] || fail "$1 is not a snapshot"
	of=$(cat -- "$1/organization")
	[[ $of == "${org##*/}" ]] || fail "$1 is a snapshot of \"$of\", not of \"${org##*/}\""
}

# read_present: what is granted now, into $scratch/present.
read_present() {
	grants "$org/service-tokens" >"$scratch/present" || {
		why
		fail "what is granted cannot be read"
	}
}

# compare DIRECTORY: a snapshot's with what is. Leaves both as lines in $scratch/snapshot and $scratch/present, and
# in $scratch/differences "-<tab>LINE" for what only the snapshot has and "+<tab>LINE" for what only is there now.
# Tokens are the same if their ids are.
compare() {
	check_snapshot "$1"
	grants "$1/service-tokens" >"$scratch/snapshot" || fail "the snapshot cannot be used"
	read_present
	awk -F '\t' -v OFS='\t' '
		{ key = $3 == "id" ? $1 FS $2 : $1 FS $3 FS $4 }
		FILENAME == ARGV[1] { snapshot[key] = $0; next }
		key in snapshot { delete snapshot[key]; next }
		{ print "+", $0 }
		END { for (key in snapshot) print "-", snapshot[key] }' \
		"$scratch/snapshot" "$scratch/present" | sort -t '	' -k 3,4 -k 1,1r -k 5 >"$scratch/differences"
}

# show: differences, as lines of grep -r with a sign.
show() { awk -F '\t' '{ print $1 $3 "/" $4 ":" $5 }' "$scratch/differences"; }

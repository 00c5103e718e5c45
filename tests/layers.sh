#!/usr/bin/env bash
#
# Holds src/ to its layers: an include points to a strictly lower layer, never sideways or up;
# each foreign library has one module that speaks it; and no file grows beyond reading.
#
# A module is NAME.c and NAME.h; NAME_part.c and NAME_part.h are parts of it.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../src"

declare -A layer
layer_of() { for module in "${@:2}"; do layer[$module]=$1; done; }
layer_of 0 list util capability
layer_of 1 log error secret scopes process node
layer_of 2 catalog names record resource budget endpoint heap keyring journal scratch sweep mountpoint daemon sandbox
layer_of 3 grammar transfer decode recent_changes outside
layer_of 4 http credential permissions_file model
layer_of 5 config renewal helper
layer_of 6 api
layer_of 7 store
layer_of 8 tree op
layer_of 9 fs
layer_of 10 session
layer_of 11 loop
layer_of 12 main

# How many .c files may include a library's header.
declare -A users=([curl/curl.h]=2 [cjson/cJSON.h]=1 [libsecret/secret.h]=1 [seccomp.h]=1 [fuse_lowlevel.h]=2)
lines_max=620

complaints=0
complain() {
	echo "$*"
	complaints=$((complaints + 1))
}

# The module that a file belongs to: the longest NAME in the table of NAME.c or NAME_part.c.
module_of() {
	local name=${1%.[ch]}
	while [[ ! ${layer[$name]-} ]]; do
		[[ $name == *_* ]] || return 1
		name=${name%_*}
	done
	echo "$name"
}

for file in *.[ch]; do
	if ! module=$(module_of "$file"); then
		complain "src/$file: the table in tests/layers.sh has no such module"
		continue
	fi
	while read -r header; do
		if ! included=$(module_of "$header"); then
			complain "src/$file: includes $header, which is in no layer"
		elif [[ $included != "$module" && ${layer[$included]} -ge ${layer[$module]} ]]; then
			complain "src/$file: layer ${layer[$module]} includes $header of layer ${layer[$included]}"
		fi
	done < <(sed -n 's/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"\([^"]*\)".*/\1/p' "$file")

	lines=$(wc -l <"$file")
	[[ $lines -le $lines_max ]] || complain "src/$file: $lines lines, more than $lines_max"
done

for header in "${!users[@]}"; do
	# Any directory before it, unless we have a header of that name ourselves.
	name="([a-z0-9]+/)?${header##*/}"
	[[ ! -e ${header##*/} ]] || name=$header
	mapfile -t found < <(grep -lE "^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*[<\"]${name}[>\"]" -- *.[ch])
	[[ ${#found[@]} -le ${users[$header]} ]] ||
		complain "$header: included by ${found[*]}, but ${users[$header]} may"
done

[[ $complaints -eq 0 ]]

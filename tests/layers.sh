#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Holds src/ to its plan: each folder is a layer, and an include names its folder and points to the
# same layer or a lower one; what two files of a module share (NAME_internal.h) stays in its folder;
# each foreign library has its own few users; no file grows beyond reading; and no two files name a
# static function alike, so that a tag or a breakpoint finds one.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../src"

# From the lowest layer to the highest; src/README.md says what each is for.
folders=(base system http auth planetscale cache tree fs mount)

# How many .c files may include a library's header.
declare -A users=([curl/curl.h]=2 [cjson/cJSON.h]=1 [libsecret/secret.h]=1 [seccomp.h]=1 [fuse_lowlevel.h]=2 [uthash.h]=1)
lines_max=600

complaints=0
complain() {
	echo "$*"
	complaints=$((complaints + 1))
}

declare -A layer=([.]=${#folders[@]})
for i in "${!folders[@]}"; do layer[${folders[i]}]=$i; done

mapfile -t files < <(find . -name '*.[ch]' -printf '%P\n' | sort)
for file in "${files[@]}"; do
	folder=$(dirname "$file")
	if [[ ! ${layer[$folder]-} ]]; then
		complain "src/$file: the list in tests/layers.sh has no such folder"
		continue
	fi
	while read -r header; do
		from=$(dirname "$header")
		if [[ ! -f $header ]]; then
			complain "src/$file: includes $header, which is no file of src/"
		elif [[ ${layer[$from]} -gt ${layer[$folder]} ]]; then
			complain "src/$file: includes $header, of a higher layer"
		elif [[ $header == *_internal.h && $from != "$folder" ]]; then
			complain "src/$file: includes $header, which belongs to $from/"
		fi
	done < <(sed -n 's/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"\([^"]*\)".*/\1/p' "$file")

	lines=$(wc -l <"$file")
	[[ $lines -le $lines_max ]] || complain "src/$file: $lines lines, more than $lines_max"
done

for header in "${!users[@]}"; do
	# Any directory before it.
	mapfile -t found < <(grep -lE "^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*<([a-z0-9]+/)?${header##*/}>" -- "${files[@]}")
	[[ ${#found[@]} -le ${users[$header]} ]] ||
		complain "$header: included by ${found[*]}, but ${users[$header]} may"
done

while read -r name; do
	complain "$name(): static in $(grep -lE "^static [^=;{(]*\b$name\(" -- "${files[@]}" | tr '\n' ' ')"
done < <(grep -oP '^static [^=;{(]*\b\K\w+(?=\()' -- "${files[@]}" | sort -u | cut -d: -f2 | sort | uniq -d)

[[ $complaints -eq 0 ]]

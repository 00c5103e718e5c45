#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Holds src/README.md to the sources: its table of layers is the list of tests/layers.sh, the functions and
# files that it names exist, a comment that names a rule names one that is there, and a module's first
# line has the name of its file.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
map=src/README.md

complaints=0
complain() {
	echo "$*"
	complaints=$((complaints + 1))
}

listed=$(sed -n 's/^folders=(\(.*\))$/\1/p' tests/layers.sh)
shown=$(sed -n '/^## Layers/,/^## Where/s/^| .\([a-z]*\)\/.*/\1/p' "$map" | xargs)
[[ $listed && $shown == "$listed" ]] ||
	complain "$map: its layers are \"$shown\", those of tests/layers.sh are \"$listed\""

# A definition begins its line, or is a macro.
while read -r name; do
	grep -rqE --include='*.[ch]' "^([a-z].*[ *])?$name\(|^#define $name\(" src ||
		complain "$map: no function $name() in src/"
done < <(grep -oE '\b[a-z][a-z0-9_]+\(\)' "$map" | tr -d '()' | sort -u | grep -v '^fuse_')

while read -r file; do
	[[ -e src/$file || -e $file || $(find src -name "$file") ]] || complain "$map: no file $file"
done < <(grep -oE '[a-z_/]+\.[ch]\b|\btests/[a-z0-9_./-]*[a-z0-9]' "$map" | sort -u)

rules='\brules? [0-9]+((, | and )[0-9]+)*'
last=$(sed -n '/^## The rules/,/^## What/s/^\([0-9]*\)\. .*/\1/p' "$map" | tail -n 1)
while IFS=: read -r file line text; do
	while read -r number; do
		[[ $number -ge 1 && $number -le ${last:-0} ]] ||
			complain "$file:$line: rule $number is none of the $last in $map"
	done < <(grep -oiE "$rules" <<<"$text" | grep -oE '[0-9]+')
done < <(grep -rniE --include='*.[ch]' "$rules" src tests)

# A module is called what its file is called.
while read -r file; do
	name=$(sed -n '1,4s/^ [*] \([a-z_]*\): .*/\1/p' "$file" | head -n 1)
	[[ ! $name || $name == "$(basename "${file%.[ch]}")" ]] || complain "$file: its first line calls it $name"
done < <(find src -mindepth 2 -name '*.[ch]' | sort)

[[ $complaints -eq 0 ]]

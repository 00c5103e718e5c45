#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Many open handles of one large directory cost the memory of one.
. "$(dirname "$0")/lib.sh"

# The sanitizers multiply memory: this is about the program as people build it.
program=$release_build/src/pscalefs
wrapper=()
start_emulator --seed-data=orgs=1,databases=1,tokens=2000,grants=0
start_mount
tokens=$(echo "$mnt"/*/service-tokens)
assert_eq 2000 "$(ls "$tokens" | wc -l)"

resident_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/$daemon/status"; }
before=$(resident_kb)
handles=()
for _ in {1..300}; do
	exec {handle}<"$tokens"
	handles+=("$handle")
done
grown=$(($(resident_kb) - before))
# One snapshot is some 110 KiB; 300 of them were 34 MB.
[[ $grown -le 2048 ]] || fail "300 open directories take $grown KiB"

# What changes meanwhile is seen by those opened later; the old handles keep what they had.
mkdir "$tokens/zzz"
assert_contains "$(ls "$tokens")" zzz
assert_lacks "$(python3 -c 'import os, sys; print(os.listdir(int(sys.argv[1])))' "$handle")" zzz
for handle in "${handles[@]}"; do exec {handle}<&-; done

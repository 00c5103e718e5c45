#!/usr/bin/env bash
#
# With 1,000 tokens of 4 databases each loaded, the daemon needs at most 16 MiB.
. "$(dirname "$0")/lib.sh"

# The sanitizers multiply memory: this is about the program as people build it.
program=$release_build/src/pscalefs
wrapper=()
start_emulator --seed-data=orgs=1,databases=4,tokens=1000,grants=5
start_mount
assert_eq 1000 "$(ls "$tokens" | wc -l)"
assert_eq 4000 "$(find "$tokens" -path '*/databases/*/permissions' | wc -l)"
find "$org" -type f ! -name create-token -exec cat {} + >"$work/all"
ls -lR "$mnt" >/dev/null

resident_kb=$(awk '/^VmRSS:/ { print $2 }' "/proc/$daemon/status")
[[ $resident_kb -le $((16 * 1024)) ]] || fail "$resident_kb KiB are resident"

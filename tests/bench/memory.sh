#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# With 1,000 tokens of 4 databases each loaded and all of it read: how much memory of its own the daemon needs,
# and how that compares with what PlanetScale sent. `meson test --benchmark` shows the figures; they mean
# something in a release build only.
#
# Its own is what is in no file (RssAnon): the code of the libraries, which differs from one release of a
# system to the next, is not counted. Their data is, so it is told apart: it is there before anything is loaded.
. "$(dirname "$0")/../fs/lib.sh"

own_kb() { awk '/^RssAnon:/ { print $2 }' "/proc/$daemon/status"; }

# How many bytes of answers, as the debug log says.
answers_kb() {
	sed -n 's/^pscalefs: debug: GET .* ms, \([0-9]*\) bytes, .*/\1/p' "$log" |
		awk '{ sum += $1 } END { printf "%d\n", (sum + 512) / 1024 }'
}

start_emulator --seed-data=orgs=1,databases=4,tokens=1000,grants=5
start_mount -d
cat "$mnt/.pscalefs/status" >/dev/null
mounted_kb=$(own_kb)
assert_eq 1000 "$(ls "$tokens" | wc -l)"
assert_eq 4000 "$(find "$tokens" -path '*/databases/*/permissions' | wc -l)"
find "$org" -type f ! -name create-token -exec cat {} + >"$work/all"
ls -lR "$mnt" >/dev/null
loaded_kb=$(own_kb)
sent_kb=$(answers_kb)
resident_kb=$(awk '/^VmRSS:/ { print $2 }' "/proc/$daemon/status")

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
echo "own memory: $mounted_kb KiB when mounted, $loaded_kb KiB when all is loaded (resident: $resident_kb KiB)"
echo "PlanetScale sent $sent_kb KiB"
echo "ratio: $(ratio $((loaded_kb - mounted_kb)) "$sent_kb") KiB kept for each KiB sent"

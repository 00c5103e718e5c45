#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# How fast it is, compared with what else does such work, as a table in Markdown (for the section "How fast"
# of README.md). `meson test -C build-release --benchmark --verbose compare` prints it, each row as soon as it
# is measured; the figures mean something in a release build only. A goal that is not met is said so, and fails
# nothing. What is missing for a comparison is "not measured", and so is its goal.
#
#   hello_ll   the example of libfuse: a file system that does nothing; compiled here from libfuse3-dev's source
#   rclone     `rclone mount` of an equal tree of local files
#   curl       one process for each request
#
# All requests to PlanetScale (the emulator) go over TLS and HTTP/2, as nghttpx speaks it, through a relay that adds
# 25 ms each way (relay.c).
# "The network's own time" is what no client can go below: the number of round trips of which each needs the
# answer of the one before, times 50 ms. It does not depend on how pscalefs does it; each row says how it is
# counted.

# lib.sh ends what takes longer than three minutes, times this. A run takes about one minute, and more on a
# machine that does other things.
export PSCALEFS_PATIENCE=${PSCALEFS_PATIENCE:-2}
. "$(dirname "$0")/../fs/lib.sh"

bench=$build/tests/bench
hello_source=/usr/share/doc/libfuse3-dev/examples/hello_ll.c
rtt_ms=50
loop_s=2     # how long each loop runs
longest_s=30 # after that, a row is given up
lifetime=()  # what is mounted for comparing

calc() { awk "BEGIN { printf \"$1\", $2 }"; }

# verdict CONDITION FIGURE…: whether the goal is met; "not measured" if one of the figures is missing.
verdict() {
	local figure
	for figure in "${@:2}"; do
		[[ $figure ]] || { echo 'not measured' && return; }
	done
	awk "BEGIN { print ($1) ? \"met\" : \"not met\" }"
}

# row WORK FIGURES COMPARED RATIO GOAL VERDICT
row() { printf '| %s | %s | %s | %s | %s: %s |\n' "$@"; }

# --- the network ---

relay=''

# start_far EMULATOR-OPTION…: the emulator behind nghttpx, 50 ms away.
start_far() {
	start_emulator "$@"
	start_nghttpx
	: >"$work/relay"
	setpriv --pdeathsig=TERM "$bench/relay" $((rtt_ms / 2)) "${api_url##*:}" >"$work/relay" &
	relay=$!
	wait_for grep -q '^listening ' "$work/relay"
	api_url=https://127.0.0.1:$(sed -n 's/^listening //p' "$work/relay")
}

stop_far() {
	end_process "$relay" TERM
	stop_nghttpx
	stop_emulator
}

# mount_far OPTION…: returns when it is connected.
mount_far() {
	start_mount --cacert "$ca" "$@"
	ls "$mnt" >/dev/null
	api_clear
}

# messages_of PID: how many requests of the kernel a file system has answered, each by one write. Nothing where
# that may not be seen.
messages_of() { awk '/^syscw:/ { print $2 }' "/proc/$1/io" 2>/dev/null || true; }

# sweep: grep over all tokens. Sets seconds, n (requests) and messages (of the kernel).
sweep() {
	local begin=$EPOCHREALTIME status=0 before
	before=$(messages_of "$daemon")
	# Into a file: to /dev/null, grep would end at the first match.
	timeout --foreground $longest_s grep -r read_database "$tokens" >"$work/found" || status=$?
	seconds=$(calc %.2f "$EPOCHREALTIME - $begin")
	messages=$(($(messages_of "$daemon") - before))
	n=$(api_count GET '*')
	given_up=''
	[[ $status -ne 124 ]] || given_up=' (given up)'
	[[ $status -eq 0 || $status -eq 124 ]] || fail "grep: $status"
}

# sweep_row WORK ROUND-TRIPS GOAL-IN-WORDS CONDITION, in which s is the time, n the requests, w the network's
# own time. What was given up has met no goal. Nor can what takes hello_ll longer: as many messages of the kernel
# are answered by it in the time that is said, without a network and with nothing to think about.
sweep_row() {
	local own reached='not met' floor='hello_ll: not measured'
	[[ ! $hello_messages || $messages -eq 0 ]] ||
		floor="hello_ll, answering as many messages ($messages): $(calc %.2f "$messages / $hello_messages") s"
	own=$(calc %.2f "$2 * $rtt_ms / 1000")
	[[ $given_up ]] || reached=$(awk "BEGIN { s = $seconds; n = $n; w = $own; print ($4) ? \"met\" : \"not met\" }")
	row "$1" "$n requests, $seconds s$given_up" "the network's own time: $own s; $floor" \
		"$(calc %.1f "$seconds / $own")" "$3" "$reached"
}

# --- what it is compared with ---

# mount_other NAME COMMAND…: mounted at $work/NAME when it returns; false if it is not.
mount_other() {
	local at=$work/$1
	mkdir "$at"
	setpriv --pdeathsig=TERM "${@:2}" "$at" >"$work/$1.log" 2>&1 &
	other_pid=$!
	lifetime+=("$at")
	wait_quietly mounted "$at"
}

unmount_others() {
	local at
	for at in "${lifetime[@]}"; do
		mounted "$at" && wait_for fusermount3 -q -u "$at"
	done
	wait_for others_ended
	lifetime=()
}

others_ended() {
	local at
	for at in "${lifetime[@]}"; do ! mounted "$at" || return 1; done
}

hello='' hello_pid='' rclone=''

start_hello() {
	local flags
	read -ra flags < <(pkg-config --cflags --libs fuse3 2>/dev/null) || return 0
	# Some systems compress what is below /usr/share/doc.
	{ cat "$hello_source" || zcat "$hello_source.gz"; } >"$work/hello_ll.c" 2>/dev/null || return 0
	"${CC:-cc}" -O2 -w -x c "$work/hello_ll.c" -x none -o "$work/hello_ll" "${flags[@]}" 2>/dev/null || return 0
	! mount_other hello "$work/hello_ll" -f || hello=$work/hello hello_pid=$other_pid
}

start_rclone() {
	command -v rclone >/dev/null || return 0
	cp -r "$tokens" "$work/tree"
	! mount_other rclone rclone mount --config=/dev/null --read-only "$work/tree" || rclone=$work/rclone
}

# rate WHAT PATH
rate() { "$bench/loops" "$1" "$2" $loop_s; }

# rate_within WHAT PATH: by its name alone, from the directory that it is in.
rate_within() { (cd "$(dirname "$2")" && rate "$1" "$(basename "$2")"); }

# measure_hello: reading its file, how often a second (hello_cat), and how many messages a second that is.
measure_hello() {
	local before
	before=$(messages_of "$hello_pid")
	hello_cat=$(rate cat "$hello/hello")
	[[ ! $before ]] || hello_messages=$((($(messages_of "$hello_pid") - before) / loop_s))
}

# against NAME OTHER-N: in words
against() { [[ $2 ]] && echo "$1 $2/s" || echo "$1: not measured"; }
ratio() { [[ $2 ]] && calc %.2f "$1 / $2" || echo '-'; }

# own_kb: memory of the daemon that is in no file.
own_kb() { awk '/^RssAnon:/ { print $2 }' "/proc/$daemon/status"; }

read_all() { find "$org" -type f ! -name create-token -exec cat {} + >"$work/all"; }

echo "| work ($rtt_ms ms away, TLS) | pscalefs | compared with | ratio | goal |"
echo '|---|---|---|---|---|'

# --- memory of an empty organization

start_far --seed-data=orgs=1,databases=0,tokens=0
mount_far
read_all
ls -lR "$mnt" >/dev/null
empty_kb=$(own_kb)
stop_mount
stop_far

# --- 1,000 tokens with 4 databases

start_hello
# Again beside what it is compared with, because a machine is not always as fast.
hello_stat='' hello_within='' hello_cat='' hello_messages=''
[[ ! $hello ]] || measure_hello
start_far --seed-data=orgs=1,databases=4,tokens=1000,grants=5
mount_far
sweep
# The first page of the tokens; the other nine, side by side; the databases, which grep asks for when it has
# come to the first token.
sweep_row 'grep -r over 1,000 tokens × 4 databases, cold, lists carry accesses' 3 \
	"≤ 11 requests, ≤ 2 × the network's own time" 'n <= 11 && s <= 2 * w'

start_rclone
file=service-tokens/token-500/databases/db-2/permissions
rclone_stat='' rclone_cat='' rclone_ls='' rclone_forked=''
mkdir -p "$work/local/acme/$(dirname "$file")"
echo hello | tee "$work/local/hello" >"$work/local/acme/$file"
if [[ $hello ]]; then
	hello_stat=$(rate stat "$hello/hello")
	hello_within=$(rate_within stat "$hello/hello")
	measure_hello
fi
if [[ $rclone ]]; then
	rclone_stat=$(rate stat "$rclone/${file#*/}")
	rclone_cat=$(rate cat "$rclone/${file#*/}")
	rclone_ls=$(rate ls "$rclone")
	rclone_forked=$(rate ls-forked "$rclone")
fi
stat_rate=$(rate stat "$mnt/acme/$file")
# A path of five directories takes the kernel longer than hello_ll's of none, in whatever file system: so it is
# compared with itself, too, on a disk.
local_flat=$(rate stat "$work/local/hello") local_deep=$(rate stat "$work/local/acme/$file")
row 'stat of a permissions file, again and again' "$stat_rate/s" \
	"$(against hello_ll "$hello_stat"); $(against rclone "$rclone_stat"); a local file below as many directories: $(
		ratio "$local_deep" "$local_flat") of one below none" \
	"$(ratio "$stat_rate" "$hello_stat"); $(ratio "$stat_rate" "$rclone_stat")" \
	'≥ 0.9 × hello_ll' "$(verdict "$stat_rate >= 0.9 * ${hello_stat:-0}" "$hello_stat")"
within=$(rate_within stat "$mnt/acme/$file")
row 'the same from its directory, without the way there' "$within/s" "$(against hello_ll "$hello_within")" \
	"$(ratio "$within" "$hello_within")" \
	'≥ 0.9 × hello_ll' "$(verdict "$within >= 0.9 * ${hello_within:-0}" "$hello_within")"
cat_rate=$(rate cat "$mnt/acme/$file")
row 'cat of a small file, warm' "$cat_rate/s" \
	"$(against hello_ll "$hello_cat"); $(against rclone "$rclone_cat"); hello_ll itself: $(
		[[ $hello_cat ]] && ratio "$hello_cat" "$rclone_cat") × rclone" \
	"$(ratio "$cat_rate" "$hello_cat"); $(ratio "$cat_rate" "$rclone_cat")" \
	'≥ 0.9 × hello_ll, ≥ 10 × rclone' \
	"$(verdict "$cat_rate >= 0.9 * ${hello_cat:-0} && $cat_rate >= 10 * ${rclone_cat:-0}" "$hello_cat" "$rclone_cat")"
ls_rate=$(rate ls "$tokens")
row 'ls of 1,000 tokens, warm, again and again' "$ls_rate/s" "$(against rclone "$rclone_ls")" \
	"$(ratio "$ls_rate" "$rclone_ls")" '≥ 4 × rclone' \
	"$(verdict "$ls_rate >= 4 * ${rclone_ls:-0}" "$rclone_ls")"
# The kernel does not answer a process of which the removal guard does not know yet that it reads the names. What
# the process itself takes, no file system can save: a disk shows it.
mkdir "$work/local/names"
ls "$tokens" | (cd "$work/local/names" && xargs mkdir)
forked_rate=$(rate ls-forked "$tokens")
row 'the same, each time by another process' "$forked_rate/s" "$(against rclone "$rclone_forked"); a local directory of \
as many names: $(rate ls-forked "$work/local/names")/s" \
	"$(ratio "$forked_rate" "$rclone_forked")" '≥ 4 × rclone' \
	"$(verdict "$forked_rate >= 4 * ${rclone_forked:-0}" "$rclone_forked")"
unmount_others

# A grant on each of some tokens whose files were read, over a connection that is there. The loops above may
# have taken longer than the lists count as fresh.
touch "$tokens" "$org/databases"
ls "$tokens" "$org/databases" >/dev/null
# Those that have it already need no request; the first one warms the connection up.
mapfile -t grants < <(grep -L -x create_branch "$tokens"/token-[1-9]?/databases/db-1/permissions | sed -n 1,41p)
"$bench/loops" append $'create_branch\n' "${grants[0]}" >/dev/null
api_clear
before=$(messages_of "$daemon")
grant_ms=$("$bench/loops" append $'create_branch\n' "${grants[@]:1}")
messages=$((($(messages_of "$daemon") - before) / 40))
assert_eq 40 "$(changes | wc -l)" 'requests for 40 grants'
printf 'Authorization: %s:%s\n' "$admin_id" "$admin_secret" >"$work/authorization"
curl_grant=(curl --silent --show-error --fail --cacert "$ca" --header "@$work/authorization"
	--header 'Content-Type: application/json' --data "$(access_body db-1 read_branch)")
access_url=$api_url$T/$(token_id token-1)/access
curl_ms=$("$bench/loops" run 15 "${curl_grant[@]}" --output /dev/null "$access_url")
# One process, one connection: what a request takes here that nothing stands before.
urls=()
for _ in {1..31}; do urls+=(--output /dev/null "$access_url"); done
warm_ms=$("${curl_grant[@]}" --write-out '%{time_total}\n' "${urls[@]}" |
	tail -n 30 | sort -n | awk '{ v[NR] = $1 } END { printf "%.2f", 1000 * v[int((NR + 1) / 2)] }')
# Nothing is faster than both together.
floor='hello_ll: not measured'
[[ ! $hello_messages || $messages -eq 0 ]] || floor="and hello_ll, answering as many messages ($messages): $(
	calc %.2f "1000 * $messages / $hello_messages") ms"
row 'grant of one scope, median of 40' "$grant_ms ms" \
	"a round trip: $rtt_ms ms; by curl: $curl_ms ms; over a warm connection $warm_ms ms, $floor" \
	"$(calc %.2f "$grant_ms / $rtt_ms"); $(calc %.2f "$grant_ms / $curl_ms")" \
	'≤ 1 round trip + 1 ms' "$(verdict "$grant_ms <= $rtt_ms + 1")"
stop_mount

# --- memory, with a mount of its own: nothing but what reading needs

mount_far
read_all
ls -lR "$mnt" >/dev/null
token_kib=$(calc %.2f "($(own_kb) - $empty_kb) / 1000")
row 'memory for each of 1,000 tokens with 4 databases' "$token_kib KiB" \
	"a mount of an empty organization: $empty_kb KiB" "$(calc %.2f "$token_kib * 1000 / $empty_kb")" \
	'≤ 2 KiB' "$(verdict "$token_kib <= 2")"
stop_mount

# --- the lists do not say what a token may do: each is asked for

api_switch list_accesses absent
mount_far -o rate=0
sweep
# As above; then what the first token may do, and with that all the others, side by side.
sweep_row 'the same, lists without accesses, 1,000 tokens, rate=0' 5 '≤ 6 s' 's <= 6'
stop_mount
stop_far

start_far --seed-data=orgs=1,databases=4,tokens=60,grants=5 --set=list_accesses=absent
mount_far
sweep
# The only page of the tokens; the databases; the first token; all the others, side by side.
sweep_row 'the same, lists without accesses, 60 tokens' 4 '≤ 0.6 s' 's <= 0.6'
stop_mount
stop_far

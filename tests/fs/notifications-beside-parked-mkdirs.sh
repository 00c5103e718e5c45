#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Many a mkdir waits for its answer, or for the lock of the directory that another one holds meanwhile; and the
# kernel is told of many changes, made here and elsewhere. Neither is in the way of the other, nor of anybody else:
# each change shows, each mkdir succeeds, and the mount can end at any time.
. "$(dirname "$0")/lib.sh"

organizations=(acme globex initech)
stays=5 # tokens of each organization
makers=4

# for_all OPERATION NUMBER: one operation of the emulator's for each organization, NUMBER times with $i, in one request.
for_all() {
	api_data "$(jq -n --argjson n "$2" \
		"[\$ARGS.positional[] as \$o | range(1; \$n + 1) as \$i | {organization: \$o} + $1]" --args "${organizations[@]}")"
}
others() { for_all "{op: \"$1\", token: \"stays\\(\$i)\", database: \"shop\", access: [\"$2\"]}" "$stays"; }
others_add() { for_all "{op: \"add-token\", name: \"$1\\(\$i)\"}" "$2"; }

start_emulator
credential=("PLANETSCALE_API_TOKEN=$login")
for organization in "${organizations[@]:1}"; do
	api_data "$(json op=add-organization "name=$organization")"
	api_data "$(json op=add-database "organization=$organization" name=shop)"
done
others_add stays "$stays"
others grant read_branch

# What is looked at, by names alone: to list a directory one waits for its lock.
files=() accesses=()
for organization in "${organizations[@]}"; do
	accesses+=("$mnt/$organization/databases/shop/access")
	for ((i = 1; i <= stays; i++)); do
		files+=("$mnt/$organization/service-tokens/stays$i/databases/shop/permissions")
	done
done

# shows SCOPE…: all files do, by their sizes, their contents, and in `access`.
shows() {
	local scopes=$* line
	[[ $(stat -c %s "${files[@]}" | sort -u) == "$((${#scopes} + 1))" ]] || return 1
	[[ $(cat "${files[@]}" | sort | uniq -c | sed 's/^ *//') == "$(printf "${#files[@]} %s\n" "$@")" ]] || return 1
	while read -r line; do
		[[ $line == stays?$'\t'"$scopes" ]] || return 1
	done < <(cat "${accesses[@]}")
}
must_show() { shows "$@" || fail "they do not show $*"; }

here() {
	local file
	for file in "${files[@]}"; do append "$file" "$1"; done
}

# open_says SCOPE…: what is read once more through $watched, which was opened before.
open_says() {
	assert_eq "$(printf '%s\n' "$@")" "$(perl -e 'sysseek(STDIN, 0, 0); sysread(STDIN, $_, 4096); print' <&"$watched")"
}

# --- a mkdir of each organization whose answer is held, and others behind it ---

# park PREFIX
park() {
	local organization i maker
	api_clear
	makers_pids=() made=()
	hold POST '/v1/organizations/*/service-tokens' count=0
	for organization in "${organizations[@]}"; do
		for ((i = 1; i <= makers; i++)); do
			made+=("$organization/service-tokens/$1$i")
			mkdir "$mnt/${made[-1]}" 2>>"$work/mkdir" &
			makers_pids+=("$!")
		done
	done
	for organization in "${organizations[@]}"; do
		wait_for requested POST "/v1/organizations/$organization/service-tokens"
	done
	for maker in "${makers_pids[@]}"; do wait_for blocked_in mkdir "$maker"; done
}

# What is asked in the meantime has not ended one of them, so it came while they waited.
must_be_parked() {
	local maker
	for maker in "${makers_pids[@]}"; do blocked_in mkdir "$maker" || fail "a mkdir has ended"; done
}

must_be_made() {
	local i
	for i in "${!made[@]}"; do
		status_of "${makers_pids[i]}"
		assert_eq 0 "$status" "mkdir ${made[i]}: $(cat "$work/mkdir")"
		! mounted "$mnt" || [[ -s $mnt/${made[i]}/token ]] || fail "no secret of ${made[i]}"
	done
}

# lost NUMBER: a token of each organization is deleted elsewhere while the kernel holds its name, and a file of it is
# open. Its directory has to be searched again, so whoever names it waits for the lock; who has it open does not.
lost_before() {
	others_add "lost$1-" 1
	refresh
	lost=() lost_pids=()
	for organization in "${organizations[@]}"; do
		lost+=("$mnt/$organization/service-tokens/lost$1-1/permissions")
	done
	cat "${lost[@]}"
	exec {opened}<"${lost[0]}"
}
delete_lost() { for_all "{op: \"delete-token\", id: \"lost$1-1\"}" 1; }
lost_seen() {
	local path
	assert_fails 'Identifier removed' cat <&"$opened"
	exec {opened}<&-
	for path in "${lost[@]}"; do
		stat "$path" >"$work/lost" 2>&1 &
		lost_pids+=("$!")
	done
}
must_be_lost() {
	local pid
	for pid in "${lost_pids[@]}"; do
		status_of "$pid"
		assert_eq 1 "$status" "a token that is gone"
	done
	assert_gone "${lost[@]}"
}

# --- every notification while all of them are parked ---

start_mount -o cache=600,rate=0
must_show read_branch
lost_before 1
exec {watched}<"${files[0]}"
park parked
for _ in 1 2 3; do
	here create_branch
	must_show create_branch read_branch
	open_says create_branch read_branch
	others revoke read_branch
	refresh
	must_show create_branch
	open_says create_branch
	others grant read_branch
	refresh
	must_show create_branch read_branch
	here -create_branch
	must_show read_branch
done
exec {watched}<&-
delete_lost 1
refresh
lost_seen
must_show read_branch
cat "$mnt/.pscalefs/status" >/dev/null # others are answered
assert_eq $'blog\nshop' "$(ls "$org/databases")"
must_be_parked
api_release
must_be_made
must_be_lost

# What was learned when the cache time had passed is told as well.
remount -o cache=1,rate=0
must_show read_branch
lost_before 2
park later
others grant delete_branch
others revoke read_branch
delete_lost 2
wait_for shows delete_branch
lost_seen
must_be_parked
api_release
must_be_made
must_be_lost
others grant read_branch
others revoke delete_branch

# --- many of both, each with some latency ---

makes() {
	local i
	for ((i = 0; i < 6; i++)); do
		mkdir "$1"
		[[ -s $1/token ]] || fail "no secret of $1"
		rm -r "$1"
		[[ ! -e $1 ]] || fail "$1 is still there"
	done
}

# changes_here FILE, changes_elsewhere ORGANIZATION TOKEN: of a token that nobody else changes.
changes_here() {
	local i
	for ((i = 0; i < 10; i++)); do
		append "$1" create_branch
		assert_eq 26 "$(stat -c %s "$1")"
		append "$1" -create_branch
		assert_eq read_branch "$(cat "$1")"
	done
}
changes_elsewhere() {
	local i op file=$mnt/$1/service-tokens/$2/databases/shop/permissions
	for ((i = 0; i < 5; i++)); do
		for op in grant revoke; do
			api_data "$(json op=$op organization="$1" token="$2" database=shop 'access=["delete_branch"]')"
			refresh
			[[ $op == revoke ]] || assert_eq 26 "$(stat -c %s "$file")"
			[[ $op == grant ]] || assert_eq read_branch "$(cat "$file")"
		done
	done
}
reads() {
	until [[ -e $work/stop ]]; do
		cat "${files[@]}" "${accesses[@]}" >/dev/null
		stat "${files[@]}" >/dev/null
	done
}

workers=()
beside() {
	"$@" &
	workers+=("$!")
}
must_succeed() {
	local worker
	for worker; do
		status_of "$worker"
		assert_eq 0 "$status" 'one of many'
	done
}

remount -o cache=600,rate=0
api_switch latency_ms 15
for organization in "${organizations[@]}"; do
	beside makes "$mnt/$organization/service-tokens/one"
	beside makes "$mnt/$organization/service-tokens/other"
	beside changes_here "$mnt/$organization/service-tokens/stays1/databases/shop/permissions"
	beside changes_here "$mnt/$organization/service-tokens/stays2/databases/shop/permissions"
	beside changes_elsewhere "$organization" stays3
done
reads &
reader=$!
must_succeed "${workers[@]}"
touch "$work/stop"
must_succeed "$reader"
must_show read_branch
api_switch latency_ms 0

# --- the end of a mount with all of that under way ---

# Until there is no mount any more.
notifies() {
	while append "$1" create_branch && append "$1" -create_branch && refresh && stat "${files[@]}"; do
		echo >>"$work/notified"
	done &>"$work/notifies"
}
notified() { [[ $(wc -l <"$work/notified") -ge 20 ]]; }

start_notifiers() {
	local file
	: >"$work/notified"
	notifiers=()
	for file in "${files[@]:0:4}"; do
		notifies "$file" &
		notifiers+=("$!")
	done
	wait_for notified
	must_be_parked
}
notifiers_ended() {
	local pid
	for pid in "${notifiers[@]}"; do wait_for process_ended "$pid"; done
}

# It is taken away: those who have it still get their answers.
park detached
start_notifiers
fusermount3 -u -z "$mnt"
notifiers_ended
must_be_parked
api_release
must_be_made
reap_daemon

# The daemon is told to end: nobody waits for the answers that do not come.
start_mount -o cache=600,rate=0
cat "${files[@]}" >/dev/null
park signalled
start_notifiers
kill -TERM "$daemon"
notifiers_ended
for pid in "${makers_pids[@]}"; do
	wait_for process_ended "$pid"
	status_of "$pid"
	assert_eq 1 "$status" 'a mkdir without an answer'
done
! mounted "$mnt" || fail "still mounted"
api_release
reap_daemon

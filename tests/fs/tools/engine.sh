# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # lib.sh is read before
#
# Runs tables of tools that write `permissions`: one row a tool, each on every situation that there
# is, each with a token of its own, some at once, all under one mount.
#
#   . "$(dirname "$0")/lib.sh"
#   . "$root/tests/fs/tools/engine.sh"
#   row NAME KIND SHOWN COMMAND [MESSAGE]     any number of them
#   run_rows
#
# COMMAND is run by bash in the file's directory, with these in its environment:
#   F      the file, which says create_branch and read_branch
#   TEXT   what shall be written: "SCOPE read_branch", where SCOPE takes the place of create_branch
#   SCOPE  delete_branch; nonsense where PlanetScale shall refuse it
#   T      a file outside that holds the text, a scope a line
#   OUT    a directory outside, of its own
#
# KIND says what the file shall say in the end:
#   replace   SCOPE, read_branch; and read_branch is there all the time
#   edit      the same, by a tool that reads the file itself
#   append    SCOPE besides what was there
#   empty     nothing
#   remove    as replace, by a tool that removes the file before it writes: all is taken away in between
#   refused   what it said before: the tool does what is not offered here, and says so
#
# SHOWN says where the tool meets an error and the exit status it ends with then: "GRANT REVOKE",
# each as WHERE=STATUS; WHERE is the call that fails: write, close, fsync, rename, unlink, truncate.
# `errors` must have it, and the tool must show it, in the words of the errno or MESSAGE (a pattern). Instead of the status:
#   0        the tool hides the error: then `sync` on the file must fail with it, once
#   ~N       it fails with status N, but does not say why
#   shown    it shows the error on the screen, and ends with 0 later
#   errno    the status is the errno
#
# Situations: success; refused, by PlanetScale, because there is no such scope; broken, each change is
# answered 500; closed, on each change the connection closes unanswered; unrevoked, only revoking
# is answered 500.
situations=(success refused broken closed unrevoked)

names=() kinds=() shown=() commands=() messages=()

row() {
	names+=("$1") kinds+=("$2") shown+=("$3") commands+=("$4") messages+=("${5-}")
}

# On a terminal, played by tools/screen.
# screen_row NAME SHOWN MESSAGE COMMAND STEP…: the steps edit, save and leave without saving again.
screen_row() {
	row "$1" edit "$2" "\"\$SCREEN\" \"\$OUT\" '$4'$(printf " '%s'" "${@:5}" | sed "s/SCOPE/'\"\$SCOPE\"'/g")" "$3"
}

row_at_once=${ROWS_AT_ONCE:-6}
# ROWS=PATTERN: only the rows whose name it matches.
wanted_rows=${ROWS:-.}

# --- before -------------------------------------------------------------------------------------

applies() { # KIND SITUATION: a situation that this kind of row can meet
	case $2-$1 in
	unrevoked-append | unrevoked-empty | unrevoked-remove) return 1 ;; # nothing to revoke, or nothing else
	refused-empty) return 1 ;; # it names no scope
	refused-refused | broken-refused | closed-refused | unrevoked-refused) return 1 ;;
	esac
}

each_case() { # COMMAND…: with the row's number and the situation
	local i situation
	for i in "${!names[@]}"; do
		[[ ${names[i]} =~ $wanted_rows ]] || continue
		for situation in "${situations[@]}"; do
			! applies "${kinds[i]}" "$situation" || "$@" "$i" "$situation"
		done
	done
}

case_token() { printf 'row%02d-%s\n' "$1" "$2"; }

# The tokens of all cases, and what befalls them, in three requests.
prepare_rows() {
	local state
	each_case case_token >"$work/cases"
	api_data "$(jq -Rn '[inputs | {op: "add-token", name: .},
		{op: "grant", token: ., database: "shop", access: ["create_branch", "read_branch"]}]' <"$work/cases")"
	state=$(api_state)
	api_fault "$(jq '
		{broken: [{status: 500, method: "POST"}, {status: 500, method: "DELETE"}],
		 closed: [{close: "before", method: "POST"}, {close: "before", method: "DELETE"}],
		 unrevoked: [{status: 500, method: "DELETE"}]} as $faults
		| [.organizations[].tokens[] | . as $token | $faults[.name | sub("^.*-"; "")] // [] | .[]
			| . + {count: 0, path: "*/service-tokens/\($token.id)/access"}]' <<<"$state")"
	api_clear
}

# --- one case -----------------------------------------------------------------------------------

# run_case ROW SITUATION: leaves the exit status, what was said, and what the two syncs said, in files.
run_case() {
	local token out
	token=$(case_token "$@")
	out=$work/case/$token
	mkdir -p "$out/home"
	local scope=delete_branch
	[[ $2 != refused ]] || scope=nonsense
	printf '%s\n' "$scope" read_branch >"$out/text"
	(
		cd "$tokens/$token/databases/shop" || exit 99
		exec env F="$PWD/permissions" T="$out/text" SCOPE="$scope" TEXT="$scope read_branch" \
			OUT="$out" HOME="$out/home" TERM=xterm-256color \
			SCREEN="$root/tests/fs/tools/screen" SCREEN_PATIENCE=$((30 * slower)) \
			PATH="/usr/bin:/bin:$PATH" timeout -k 5 $((100 * slower)) bash -c "${commands[$1]}" bash
	) >"$out/said" 2>&1 </dev/null
	echo $? >"$out/status"
	sync "$tokens/$token/databases/shop/permissions" 2>"$out/sync"
	sync "$tokens/$token/databases/shop/permissions" 2>"$out/again"
	cat "$tokens/$token/databases/shop/permissions" >"$out/read" 2>&1
	grep -a "/$token/" "$mnt/.pscalefs/errors" >"$out/errors"
	ls -A "$tokens/$token/databases/shop" >"$out/names"
	return 0
}

start_case() {
	while [[ $(jobs -pr | wc -l) -ge $((row_at_once + 2)) ]]; do wait -n || true; done
	( # none of the test's own traps
		trap - ERR EXIT TERM INT
		set +eE
		run_case "$@"
	) &
	case_pids+=($!)
}

# --- after --------------------------------------------------------------------------------------

# expected_scopes KIND SITUATION WHERE-GRANTED
expected_scopes() {
	case $1-$2 in
	append-success) echo create_branch delete_branch read_branch ;;
	empty-success) echo ;;
	*-success) [[ $1 == refused ]] && echo create_branch read_branch || echo delete_branch read_branch ;;
	remove-refused) echo ;;
	*-unrevoked) echo create_branch delete_branch read_branch ;;
	*) echo create_branch read_branch ;;
	esac
}

# expected_shown ROW SITUATION: "WHERE=STATUS" of what the tool meets, or nothing.
expected_shown() {
	local grant revoke
	read -r grant revoke <<<"${shown[$1]}"
	case $2-${kinds[$1]} in
	success-refused) echo "$grant" ;;
	success-*) ;;
	unrevoked-* | broken-empty | closed-empty) echo "$revoke" ;;
	broken-remove | closed-remove) echo "$revoke" ;;
	*) echo "$grant" ;;
	esac
}

# The exit status: that of the table, or 0 of an editor that shows the error on the screen, or the errno.
expected_status() { # SITUATION WHERE STATUS
	case $3-$1-$2 in
	errno-refused-rename) echo 74 ;;
	errno-refused-*) echo 22 ;;
	errno-*) echo 121 ;;
	*) echo "${3:-0}" ;;
	esac
}

# The words of the error, as a pattern.
error_words() { # SITUATION WHERE
	case $1-$2 in
	success-unlink | success-*) echo 'Operation not permitted|File exists' ;;
	refused-rename) echo 'Bad message' ;;
	refused-*) echo 'Invalid argument' ;;
	*) echo 'Remote I/O error' ;;
	esac
}

wrong=0
complain() {
	wrong=$((wrong + 1))
	echo "$1: $2" >&2
}

# Scopes that were there before and after, but were absent in between.
absent_between() { # TOKEN-ID AFTER
	jq -r --arg id "$1" --arg after "$2" '["create_branch", "read_branch"] as $before
		| ($after | split(" ")) as $after
		| [.[] | select(.token == $id) | .removed[]] | map(select(IN($before[]) and IN($after[]))) | join(" ")' <"$work/events"
}

check_errors() { # CASE ROW SITUATION WHERE STATUS
	local out=$work/case/$1 words text
	words=$(error_words "$3" "$4")
	text=${words/Operation not permitted|File exists/EPERM|EEXIST}
	grep -qE "$text" "$out/errors" || complain "$1" "no \"$text\" for it in errors: $(cat "$out/errors")"
	if [[ ${5#\~} == 0 ]]; then
		grep -qE "$words" "$out/sync" || complain "$1" "the tool hid \"$words\", and sync said \"$(cat "$out/sync")\""
	elif [[ $5 != ~* ]]; then
		grep -qiE "${messages[$2]:-$words}" "$out/said" || complain "$1" "it did not say \"${messages[$2]:-$words}\""
	fi
}

check_case() {
	local token out where='' status=0 expected found id
	token=$(case_token "$@") out=$work/case/$(case_token "$@")
	local before=$wrong
	IFS='=' read -r where status <<<"$(expected_shown "$@")"
	status=$(expected_status "$2" "$where" "$status")
	found=$(cat "$out/status")
	local wanted=${status#\~}
	[[ $found == "${wanted/shown/0}" ]] || complain "$token" "exit status $found, not $wanted"
	if [[ $where ]]; then
		check_errors "$token" "$1" "$2" "$where" "$status"
	else
		[[ ! -s $out/sync ]] || complain "$token" "sync said: $(cat "$out/sync")"
	fi
	[[ ! -s $out/again ]] || complain "$token" "the second sync said: $(cat "$out/again")"
	expected=$(expected_scopes "${kinds[$1]}" "$2")
	read -r id found < <(awk -v token="$token" '$1 == token { $1 = ""; print }' "$work/scopes")
	[[ $found == "$expected" ]] || complain "$token" "granted in the end: \"$found\", not \"$expected\""
	[[ $(tr '\n' ' ' <"$out/read") == "$found${found:+ }" ]] || complain "$token" "reads as: $(cat "$out/read")"
	[[ ${kinds[$1]} == remove ]] || found=$(absent_between "$id" "$found")
	[[ ${kinds[$1]} == remove || ! $found ]] || complain "$token" "absent for a moment: $found"
	[[ $wrong -eq $before ]] || show_case "$@" "$out" "$id" >&2
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "${names[$1]}" "$2" "$(cat "$out/status")" "$(summarize "$out/said")" \
		"$(summarize "$out/sync")" "$( ((wrong == before)) && echo ok || echo WRONG)" >>"$work/results"
}

# The last line that says something.
summarize() { tr -d "\r" <"$1" | tr "\t" " " | sed "s|${work}[^ ]*/||g; /^ *$/d" | tail -n 1 | cut -c1-150; }

show_case() {
	echo "    row \"${names[$1]}\", $2: ${commands[$1]}"
	echo "    it said: $(tail -n 15 "$3/said")"
	echo "    errors: $(cat "$3/errors")"
	jq -c --arg id "$4" '.[] | select(.token == $id) | {added, removed}' <"$work/events"
}

run_rows() {
	case_pids=()
	start_emulator
	prepare_rows
	start_mount -o "timeout=$((2 * slower)),cache=600,rate=0" "$@"
	ls "$tokens" >/dev/null
	each_case start_case
	wait "${case_pids[@]}"
	api_events >"$work/events"
	api_state | jq -r '.organizations[].tokens[] | select(.name | startswith("row"))
		| "\(.name) \(.id) \([.grants[].accesses[]] | sort | join(" "))"' >"$work/scopes"
	each_case check_case
	[[ ! ${ROWS_RESULTS-} ]] || cat "$work/results" >>"$ROWS_RESULTS"
	[[ $wrong -eq 0 ]] || fail "$wrong complaints about $(wc -l <"$work/cases") cases"
}

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the tests set, and what lib.sh does
#
# The engine of the fault tables: a row is one kind of trouble, and says what a command then tells.
#
#   name | verb | trouble | told | errors | times
#
#   verb     what a person does, and which request is struck (verbs, below)
#   trouble  words KEY=VALUE for fault(); a value @NAME is the text in ${texts[NAME]}
#   told     the words the command ends with, or "done"
#   errors   parts of the new line in .pscalefs/errors, with ; between; empty with "done"
#   times    how often the request was sent: N, N+ (at least so often) or N-M
#
# After each row the fault is lifted, and everything must work as if nothing had been: what failed has
# changed nothing (unless the trouble strikes after the change), and the same command succeeds now.

declare -A texts
declare -A verbs=(
	[list]="GET $T"
	[organizations]="GET /v1/organizations"
	[read]="GET $T/@"
	[grant]="POST $T/@/access"
	[revoke]="DELETE $T/@/access"
	[mkdir]="POST $T"
	[rmdir]="DELETE $T/@"
)
# act VERB: what a person does.
act() {
	case $1 in
	list) ls "$tokens" ;;
	organizations) ls "$mnt" ;;
	read) cat "$file" ;;
	grant) append "$file" create_branch ;;
	revoke) append "$file" -connect_branch ;;
	mkdir) mkdir "$tokens/new" ;;
	rmdir) rmdir "$tokens/ci" ;;
	esac
}

# What each row starts from: a token "ci" with two rights (none, to be removed), all of it in the cache.
row_before() {
	add_token ci
	[[ $1 == rmdir ]] || grant ci shop read_branch connect_branch
	[[ $1 != read ]] || api_switch list_accesses absent
	refresh
	file=$tokens/ci/databases/shop/permissions
	id=$(token_id ci)
	case $1 in
	list | organizations) ;;
	read) ls "$tokens" "$org/databases" >/dev/null ;;
	*) cat "$file" "$org/databases/shop/id" >/dev/null ;;
	esac
	[[ $1 != organizations ]] || refresh
}

row_after() {
	local name
	api_switch list_accesses present
	refresh
	# By whoever made it: what this mount has made is known for a while, whatever the list says.
	! token_exists new || [[ ! -d $tokens/new ]] || rm -r "$tokens/new"
	for name in ci new; do
		! token_exists "$name" || delete_token "$name"
	done
	refresh
	[[ ! $(ls "$tokens") ]] || fail "$row: there is something left: $(ls "$tokens")"
}

# within TIMES COUNT
within() {
	case $1 in
	*+) [[ $2 -ge ${1%+} ]] ;;
	*-*) [[ $2 -ge ${1%-*} && $2 -le ${1#*-} ]] ;;
	*) [[ $2 -eq $1 ]] ;;
	esac
}

# The words KEY=VALUE of a trouble, with the texts in place, in the array `trouble`.
expand_trouble() {
	local i
	read -ra trouble <<<"$1"
	for i in "${!trouble[@]}"; do
		[[ ${trouble[i]} != *=@* ]] || trouble[i]=${trouble[i]%%=*}=${texts[${trouble[i]#*=@}]}
	done
}

# Has the command had its effect? For the verbs that change.
effect() {
	case $1 in
	grant) [[ " $(scopes_of ci shop) " == *' create_branch '* ]] ;;
	revoke) [[ " $(scopes_of ci shop) " != *' connect_branch '* ]] ;;
	mkdir) token_exists new ;;
	rmdir) ! token_exists ci ;;
	*) true ;;
	esac
}

run_row() {
	local row=$1 name verb words told parts times request before count entries part
	IFS='|' read -r name verb words told parts times < <(sed -E 's/[[:blank:]]*\|[[:blank:]]*/|/g' <<<"$row")
	row=$name
	row_before "$verb"
	request=${verbs[$verb]/@/$id}
	expand_trouble "$words"
	before=$(holdings)
	entries=$(error_count)
	api_clear
	fault "${request%% *}" "${request#* }" "${trouble[@]}"
	run act "$verb"
	count=$(api_count "${request%% *}" "${request#* }")
	within "$times" "$count" || fail "$row: sent $count times, not $times: $message"
	if [[ $told == 'done' ]]; then
		assert_eq '' "$message" "$row"
		assert_eq 0 "$status" "$row"
		assert_eq "$entries" "$(error_count)" "$row: entries in errors"
		effect "$verb" || fail "$row: reported as done, and is not"
	else
		[[ $status -ne 0 ]] || fail "$row: succeeded"
		[[ $message == *"$told" ]] || fail "$row: said \"$message\", not \"$told\""
		[[ $(error_count) -gt $entries ]] || fail "$row: nothing new in errors"
		IFS=';' read -ra parts <<<"$parts"
		for part in "${parts[@]}"; do
			[[ $(errors_last) == *"$part"* ]] || fail "$row: no \"$part\" in: $(errors_last)"
		done
		[[ $words =~ after|apply|truncate ]] || assert_eq "$before" "$(holdings)" "$row"
	fi
	api_release
	recover "$told" "$verb"
	row_after
}

# How many entries .pscalefs/errors ever had: it keeps the last 100, so the lines alone do not tell.
error_count() { grep -a -c '^pscalefs: warning: 20' "$log" || true; }

# The mount is as good as new: the command that failed is repeated, and succeeds.
recover() {
	[[ $1 != "Resource temporarily unavailable" ]] || forget_pause
	refresh
	[[ $(ls "$mnt") == acme ]] || fail "$row: the organization is not back"
	ls "$tokens" "$org/databases" >/dev/null || fail "$row: the lists are not back"
	if [[ $1 == 'done' ]]; then return 0; fi
	! token_exists new || rm -r "$tokens/new" || fail "$row: rm -r does not work again"
	if [[ $2 != rmdir ]] || token_exists ci; then
		run act "$2"
		[[ $status -eq 0 ]] || fail "$row: not back: $message"
	fi
	[[ $2 != mkdir || -s $tokens/new/token ]] || fail "$row: made without its secret"
	effect "$2" || fail "$row: reported as done afterwards, and is not"
}

# SIGHUP ends the pause that a 429 began.
forget_pause() {
	kill -HUP "$daemon"
	wait_for not_paused
}
not_paused() { grep -q 'paused for: *0 ms' "$mnt/.pscalefs/status"; }

# run_rows [NAME…]: all of the array `rows`, or only these.
run_rows() {
	local row
	for row in "${rows[@]}"; do
		[[ $# -eq 0 || " $* " == *" ${row%% *} "* ]] || continue
		# In a process of its own, so that one that fails hides no other.
		(run_row "$row") &
		wait $! || { find_fault "row failed: ${row%% *}" && api_release && forget_pause && row_after; }
	done
}

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# audit-log shows the events of tokens and databases, oldest first, and is read once: later only what is
# new is fetched. It can be followed. It is complete or it fails, and costs nothing until it is read.
. "$(dirname "$0")/lib.sh"

add_events() { # N [KEY=VALUE…]
	api_data "$(json op=add-event "count=$1" "${@:2}")"
}
pages() { api_count GET "$A/audit-log"; }
now() { date -u +%Y-%m-%dT%H:%M:%S.000Z; }
follows() { grep -q nanosleep "/proc/$follower/wchan"; }
has_line() { grep -q -- "$1" "$work/followed"; } # PATTERN

start_emulator
log_file=$org/audit-log
start_mount
api_clear

# Listing and looking costs nothing, and its size is 0 as long as nobody has read it.
ls -lR "$org" >/dev/null
assert_eq 0 "$(stat -c %s "$log_file")"
assert_eq 0 "$(pages)" 'requests before it is read'

# What this mount does is in it, at once.
mkdir "$tokens/ci"
echo read_branch >>"$tokens/ci/databases/shop/permissions"
id=$(token_id ci)
line=$(tail -n 1 "$log_file")
assert_eq $'pscale-admin\tservice_token.granted_access\tci' "$(cut -f 2-4 <<<"$line" | sed "s/^[^	]*/pscale-admin/")"
assert_eq "$id" "$(cut -f 5 <<<"$line")"
assert_eq 'acme 192.0.2.7' "$(cut -f 6,7 --output-delimiter=' ' <<<"$line")"
assert_eq '{"resource":"shop","access":["read_branch"]}' "$(cut -f 9 <<<"$line")"
assert_eq 'database.created database.created service_token.created service_token.granted_access' \
	"$(cut -f 3 "$log_file" | xargs)"
echo -read_branch >>"$tokens/ci/databases/shop/permissions"
assert_eq service_token.revoked_access "$(tail -n 1 "$log_file" | cut -f 3)"
sort -c "$log_file"
assert_eq 5 "$(grep -c . "$log_file")"
[[ $(date -u -r "$log_file" +%FT%T) == "$(tail -n 1 "$log_file" | cut -c 1-19)" ]] || fail 'its time is that of the last event'
refused='Permission denied' # by the kernel, because of the mode
[[ $EUID -ne 0 ]] || refused='Operation not permitted'
for command in "echo x >>" "echo x >" ': >'; do
	assert_fails "$refused" bash -c "$command '$log_file'"
done
assert_fails "$refused" truncate -s 0 "$log_file"
allow_error 'open /acme/audit-log: EPERM'

# An event of other things is not shown; what a terminal would obey is encoded, as in names.
add_events 1 audit_action=branch.created target_type=DatabaseBranch auditable_type=Database
add_events 1 audit_action=service_token.created target_type=ServiceToken target_id=x1 \
	"target_display_name=$(jq -n '"a\tb/c\u001b[2J\n%41"')" \
	"metadata=$(jq -n '{note: "x\ny\u009b", key: "\t"}')"
add_events 1 audit_action=service_token.token_leaked "metadata=$(json leak=pscale_tkn_notreallyone)"
refresh
assert_eq 7 "$(wc -l <"$log_file")"
assert_eq 'a%09b%2Fc%1B[2J%0A%2541' "$(tail -n 2 "$log_file" | head -n 1 | cut -f 4)"
assert_eq '{"note":"x\ny\u009b","key":"\t"}' "$(tail -n 2 "$log_file" | head -n 1 | cut -f 9)"
assert_eq - "$(tail -n 1 "$log_file" | cut -f 9)" 'a secret is not shown'
assert_eq 9 "$(awk -F '\t' '{ print NF }' "$log_file" | sort -u)"

# A long log is read once, page by page; then one page, as long as what is new fits into it.
add_events 1000 audit_action=service_token.created target_type=ServiceToken target_display_name=many
remount
api_clear
assert_eq 1007 "$(wc -l <"$log_file")"
assert_eq 11 "$(pages)"
assert_eq 5 "$(tail -n 5 "$log_file" | grep -c many)"
assert_eq 11 "$(pages)" 'cached'
size=$(stat -c %s "$log_file")
add_events 3 audit_action=service_token.deleted target_display_name=late
refresh
assert_eq 3 "$(tail -n 5 "$log_file" | grep -c late)"
assert_eq 12 "$(pages)" 'only the newest page'
add_events 250 audit_action=database.deleted
refresh
assert_eq 1260 "$(wc -l <"$log_file")"
assert_eq 15 "$(pages)" 'only the newest pages'
assert_eq 1260 "$(cut -f 8 "$log_file" | sort -u | wc -l)" 'no event twice'

# What copies by size gets all of it, for it asks after opening; and sizes are those that are read.
cp -r "$log_file" "$work/copy"
cmp "$log_file" "$work/copy"
tar -C "$org" -cf - audit-log | tar -C "$work" -xf -
cmp "$log_file" "$work/audit-log"
assert_eq "$(stat -c %s "$log_file")" "$(wc -c <"$log_file")"
[[ $(stat -c %s "$log_file") -gt $size ]]
remount
tar -C "$org" -cf - audit-log | tar -C "$work" -xf -
cmp "$work/copy" "$work/audit-log"

# Complete or an error: a later page that fails shows nothing of the first.
stop_mount
start_mount -o timeout=2
allow_error .
for trouble in 'status=500' 'body={"data":[{"id":"x"}],"has_next":false}' 'body={"data":[]}' 'truncate=300'; do
	fault GET "$A/audit-log" query='*starting_after*' "$trouble" count=0
	assert_fails 'Remote I/O error' cat "$log_file"
	assert_eq '' "$output" "$trouble"
	api_release
done
assert_eq 1260 "$(wc -l <"$log_file")"
# Nor is a part of what is new added.
add_events 150 audit_action=service_token.created target_display_name=after
refresh
fault GET "$A/audit-log" query='*starting_after*' status=500 count=0
assert_fails 'Remote I/O error' tail -n 1 "$log_file"
api_release
assert_eq 1410 "$(wc -l <"$log_file")"

# It can be followed, and shows what is done here and elsewhere.
stop_mount
start_mount -o cache=1
tail -n 0 -f "$log_file" >"$work/followed" &
follower=$!
wait_for follows # what was there before is read
echo create_branch >>"$tokens/ci/databases/shop/permissions"
wait_for has_line $'\tservice_token.granted_access\tci\t.*create_branch'
grant ci blog delete_branch
wait_for has_line $'\tGrace\tservice_token.granted_access\tci\t.*delete_branch'
assert_eq 2 "$(wc -l <"$work/followed")"
kill "$follower"
status_of "$follower"
# So does a program that reads on at the end.
exec {fd}<"$log_file"
cat <&"$fd" >/dev/null
add_events 1 audit_action=service_token.deleted target_display_name=gone
read_on() { cat <&"$fd" >>"$work/read_on" && grep -q gone "$work/read_on"; }
wait_for read_on
exec {fd}<&-

# Whatever of it is a guess.
for switch in audit_order=oldest_first audit_after=inclusive audit_cursor=opaque audit_cursor=null \
	audit_action=action audit_names=null omit_type=on unknown_keys=on; do
	stop_mount
	control DELETE /switches >/dev/null
	api_switch "${switch%=*}" "${switch#*=}"
	start_mount
	lines=$(wc -l <"$log_file")
	# Without its full action, an event is known by what it is about alone.
	[[ $switch == audit_action=* ]] || assert_eq 1413 "$lines" "$switch"
	grant ci shop connect_branch
	refresh
	assert_eq "$((lines + 1))" "$(wc -l <"$log_file")" "$switch"
	assert_contains "$(tail -n 1 "$log_file")" granted_access connect_branch
	sort -c -k 1,1 "$log_file"
	assert_eq "$((lines + 1))" "$(cut -f 8 "$log_file" | sort -u | wc -l)" "$switch: no event twice"
	revoke ci shop connect_branch
	control POST /data '{"op": "drop-events", "count": 2}' >/dev/null
done
control DELETE /switches >/dev/null

# Without the permission it is a file that may not be read, and no more than that.
stop_mount
start_mount
mkdir "$tokens/poor"
echo read_organization >>"$tokens/poor/permissions"
credential=("PLANETSCALE_SERVICE_TOKEN_ID=$(cat "$tokens/poor/id")" "PLANETSCALE_SERVICE_TOKEN=$(cat "$tokens/poor/token")")
stop_mount
for denied in 403 404; do
	api_switch audit_denied "$denied"
	start_mount
	api_clear
	ls -l "$org" >/dev/null
	assert_eq 0 "$(pages)"
	assert_eq '' "$(cat "$mnt/.pscalefs/errors")"
	assert_fails 'Permission denied' cat "$log_file"
	assert_contains "$(errors_last)" /acme/audit-log read_audit_logs "$denied"
	run grep -r acme "$org/info.json" "$log_file"
	assert_eq 2 "$status"
	assert_contains "$output" '"name": "acme"'
	stop_mount
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# rotate-token makes a token with the same permissions, hands its secret to a command, and deletes the old one.
#
# shellcheck disable=SC2016 # the dollars are the commands' own
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rotation.bash"

start_emulator
start_mount

# --- all goes well ---

next_rotation
run rotation
assert_eq "0||rotate-token: $new has replaced $old" "$status|$output|$message"
check_one plain
[[ $(cat "$work/got") == pscale_tkn_* ]] || fail "no secret: $(cat "$work/got")"
assert_gone "$tokens/$new/token"
# Nothing is taken from the old one before the new one can do everything.
assert_eq 'POST POST POST DELETE DELETE DELETE' "$(changes | cut -d ' ' -f 1 | paste -sd ' ')"

# From within the organization, with a date in the name, which is replaced, and another file.
next_rotation
mkdir "$tokens/team%2F-20200101"
echo read_branch >>"$tokens/team%2F-20200101/databases/shop/permissions"
cd "$tokens"
run "$rotate" -f env 'team%2F-20200101' -- sh -c 'cat; echo $NEW_TOKEN_NAME $NEW_TOKEN_ID $OLD_TOKEN_NAME'
cd /
id=$(token_id "team/-$today")
assert_eq 0 "$status" "$message"
assert_contains "$output" "PLANETSCALE_SERVICE_TOKEN_ID=$id" 'PLANETSCALE_SERVICE_TOKEN=pscale_tkn_' \
	"team%2F-$today $id team%2F-20200101"
assert_eq read_branch "$(scopes_of "team/-$today" shop)"

# Names that are hard to handle; a name of its own; the old token kept; nothing granted.
for name in 'two words' -n '$(date)' "it's" 'a"b' ünï; do
	next_rotation
	add_token "$name"
	refresh
	old=$name
	run rotation
	assert_eq 0 "$status" "$name: $message"
	! token_exists "$name" || fail "$name is still there"
	token_exists "$name-$today" || fail "$name has no successor"
done
next_rotation
new=other
run rotation -k -t other
assert_eq 0 "$status"
check_both 'kept'
assert_eq "$(cat "$work/got")" "$(cat "$tokens/other/token")"
assert_contains "$message" "rm -rf $tokens/$old; rm -f $tokens/other/token"

# One that expires is replaced by one that expires.
echo '"short lived" ttl=3h' >"$org/create-token"
next_rotation
old='short lived'
run rotation
assert_eq 0 "$status" "$message"
life=$(api_log | jq -c '.[] | select(.method == "POST" and (.body | has("name"))).body')
assert_eq "{\"name\":\"short lived-$today\",\"ttl\":10800}" "$life"

# --- nothing is done ---

# refused TEXT ARGUMENT…
refused() {
	api_clear
	assert_fails "$1" "$rotate" -C "$org" "${@:2}"
	assert_eq 2 "$status" "$*"
	assert_changes
}
next_rotation
api_data '{"op": "add-token", "name": null}'
for _ in 1 2; do add_token twice; done
refresh
unnamed=$(ls -d "$tokens"/@*)
refused 'no token "none"' none -- true
refused 'no token ""' '' -- true
refused 'no token "../service-tokens/' "../service-tokens/$old" -- true
refused 'no token "twice"' twice -- true
refused 'rotate-token TOKEN -- COMMAND' "$old" true
refused 'rotate-token TOKEN -- COMMAND' "$old" --
refused 'command not found' "$old" -- no-such-command
refused 'token, env or header' -f id "$old" -- true
refused 'has no name' "${unnamed##*/}" -- true
refused "today's date" -t "$old" "$old" -- true
run rotation -n
assert_eq 0 "$status"
assert_contains "$message" "would make $tokens/$new" 'would copy databases/shop/permissions:read_branch' \
	'would copy permissions:read_databases' "would remove $tokens/$old" "< $tokens/$new/token"
assert_changes

# A token that shares its name is called by its id as well, and its successor is not.
twice=$(cd "$tokens" && printf '%s\n' twice@* | head -n 1)
run "$rotate" -C "$org" "$twice" -- true
assert_eq 0 "$status" "$message"
assert_eq "twice twice-$today" "$(cd "$tokens" && echo twice*)"

# --- the command fails ---

next_rotation
run "$rotate" -C "$org" "$old" -- sh -c 'cat >/dev/null; exit 7'
assert_eq 1 "$status"
check_stopped 'the command failed'
# Both are there, and the next run says so and does nothing.
token_exists "$new" || fail 'the new one is gone'
refused 'exists already' "$old" -- true
refused "today's date" "$new" -- true
refused 'exists already' -t "$new" "$old" -- true
store_again=(sh -c 'cat > "$0"' "$work/got")
message="rotate-token: to go on: $(printf '%q ' "${store_again[@]}")< $tokens/$new/token
rotate-token:    then: rm -rf $tokens/$old; rm -f $tokens/$new/token"
obey 'the command failed'

# Another date's is as suspicious.
next_rotation
add_token "$old-20200101"
refresh
refused "$old-20200101 exists beside $old" "$old" -- true
refused "$old exists beside $old-20200101" "$old-20200101" -- true

# Somebody takes the old one's name meanwhile: nothing is deleted by a name that is another's.
next_rotation
run "$rotate" -C "$org" "$old" -- sh -c "curl --silent --fail-with-body --data-binary '[{\"op\": \"update-token\", \"id\": \"$(token_id "$old")\", \"new_name\": \"renamed\"}, {\"op\": \"add-token\", \"name\": \"$old\"}]' '$control_url/data' >'$work/out'; echo >'$mnt/.pscalefs/refresh'"
assert_eq 1 "$status"
for name in renamed "$old" "$new"; do token_exists "$name" || fail "$name was deleted"; done

# --- where the secret is ---

# In no argument and no environment.
next_rotation
cat >"$work/look" <<'LOOK'
secret=$(cat)
seen=$(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n')
[[ $secret == pscale_tkn_* && $seen == *NEW_TOKEN_ID=* && $seen != *"$secret"* ]]
LOOK
run "$rotate" -C "$org" "$old" -- bash "$work/look"
assert_eq 0 "$status" 'the secret is in an argument or in the environment'

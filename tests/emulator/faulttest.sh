#!/bin/bash
# SPDX-License-Identifier: MIT
# faulttest.sh [EMULATOR] — the emulator's faults, limits, logins, TLS, state
# files and load. Run by selftest.sh.

# shellcheck disable=SC2016,SC2030,SC2031,SC2317,SC2329
# shellcheck source=tests/emulator/checks.sh
. "$(dirname "$0")/checks.sh"

LIST=/v1/organizations
TOKENS=/v1/organizations/acme/service-tokens

fault() {
	control POST /faults "$1" >/dev/null
}

clear_faults() {
	control DELETE /faults >/dev/null
}

count_tokens() {
	control GET /state | jq '.organizations[0].tokens|length'
}

check_answers() {
	local before

	fault '{"method":"GET","path":"/v1/org*","status":502,"body":"<html>nginx</html>","headers":{"Content-Type":"text/html","Retry-After":"1.5"}}'
	call GET "$LIST"
	is 'status, body and headers' '502 <html>nginx</html> text/html 1.5' \
		"$STATUS $BODY $(header content-type) $(header retry-after)"
	call GET "$LIST"
	is 'once' 200 "$STATUS"
	fault '{"path":"*/service-tokens","status":429,"count":2,"skip":1}'
	before=
	for _ in 1 2 3 4; do
		call GET "$TOKENS"
		before="$before$STATUS "
	done
	is 'skip and count' '200 429 429 200 ' "$before"
	is 'hits are counted' '[2]' "$(control GET /faults | jq -c '[.[]|select(.path=="*/service-tokens").hits]')"
	clear_faults
	fault '{"count":0,"status":500,"body":""}'
	call GET "$LIST"
	call GET "$LIST"
	is 'without end, empty body' '500 ' "$STATUS $BODY"
	clear_faults
	fault '{"body_base64":"AP8K"}'
	call GET "$LIST"
	is 'any bytes, status kept' '200 00ff0a' "$STATUS $(od -An -tx1 <"$WORK/body" | tr -d ' \n')"

	before=$(count_tokens)
	fault '{"method":"POST","status":500}'
	call POST "$TOKENS" '{}'
	is 'a status keeps the change away' "500 $before" "$STATUS $(count_tokens)"
	fault '{"method":"POST","status":500,"apply":true}'
	call POST "$TOKENS" '{}'
	is 'unless it applies' "500 $((before + 1))" "$STATUS $(count_tokens)"
	is 'the log knows which fault' true "$(control GET '/log?method=POST' | jq '.[-1].fault > 0')"
	clear_faults
	fault '{"path":"*/service-tokens","query":"*page=2*","status":503}'
	call GET "$TOKENS"
	before=$STATUS
	call GET "$TOKENS?page=2"
	is 'by query' '200 503' "$before $STATUS"
	fault '{"path":"*/service-tokens","data":{"op":"add-token","name":"between"}}'
	call GET "$TOKENS"
	is 'data behind a request' '"between"' "$(field '.data[0].name')"
	is 'a wrong fault is told' true "$(control POST /faults '{"colour":1}' | jq 'has("error")')"
}

check_connections() {
	local before

	before=$(count_tokens)
	fault '{"method":"POST","close":"before"}'
	call POST "$TOKENS" '{}'
	is 'close before the change' "52 $before" "$CODE $(count_tokens)"
	fault '{"method":"POST","close":"after"}'
	call POST "$TOKENS" '{}'
	is 'close after the change' "52 $((before + 1))" "$CODE $(count_tokens)"
	is 'which the log calls a change' '0 true' \
		"$(control GET /log/changes | jq -r '.[-1]|"\(.status) \(.changed)"')"
	fault '{"reset":true}'
	call GET "$LIST"
	is 'reset' 56 "$CODE"
	fault '{"truncate":10}'
	call GET "$LIST"
	is 'truncate' '18 10' "$CODE ${#BODY}"
	fault '{"truncate":0}'
	call GET "$LIST"
	is 'truncate to nothing' '18 0' "$CODE ${#BODY}"
	fault '{"trickle_ms":1}'
	call GET "$LIST"
	is 'trickle' '0 "acme"' "$CODE $(field '.data[0].name')"
	fault '{"close":"idle"}'
	call GET "$LIST" '' "$API$LIST"
	is 'close when idle: the client connects anew' '0 1' \
		"$CODE $(control GET /log | jq '.[-1].connection - .[-2].connection')"
	call GET "$LIST" '' "$API$LIST"
	is 'a kept connection has one number' 0 \
		"$(control GET /log | jq '.[-1].connection - .[-2].connection')"
}

# in_background METHOD PATH [BODY] — the answer goes to $WORK/later
in_background() {
	curl -s -m 20 -X "$1" -H "Authorization: $AUTH" -H 'Content-Type: application/json' \
		${3:+-d "$3"} -o "$WORK/later" -w '%{http_code}' "$API$2" >"$WORK/later-status" &
	LATER=$!
}

check_waiting() {
	local before start

	start=$(date +%s%N)
	fault '{"delay_ms":300}'
	call GET "$LIST"
	is 'delay' true "$([ $(($(date +%s%N) - start)) -ge 300000000 ] && echo true)"

	before=$(count_tokens)
	fault '{"method":"POST","silence":true}'
	in_background POST "$TOKENS" '{}'
	control GET '/wait?method=POST' >/dev/null
	is 'silence holds the change back' "$before" "$(count_tokens)"
	call GET "$LIST"
	is 'and nobody else' 200 "$STATUS"
	is 'held requests are told' 1 "$(control GET /faults | jq '[.[].held]|add')"
	clear_faults
	wait "$LATER"
	is 'then it goes on' "200 $((before + 1))" "$(cat "$WORK/later-status") $(count_tokens)"

	fault '{"method":"POST","silence":true,"apply":true}'
	in_background POST "$TOKENS" '{}'
	control GET '/wait?method=POST&count=2' >/dev/null
	is 'silence after the change' $((before + 2)) "$(count_tokens)"
	kill "$LATER"
	wait "$LATER" 2>/dev/null
	clear_faults

	fault '{"method":"POST","silence":true}'
	in_background POST "$TOKENS" '{}'
	control GET '/wait?method=POST&count=3' >/dev/null
	kill "$LATER"
	wait "$LATER" 2>/dev/null
	clear_faults
	control GET '/wait?method=POST&count=3&answered=1' >/dev/null
	is 'a client that left changes nothing' $((before + 2)) "$(count_tokens)"

	fault '{"method":"POST","stall_ms":200}'
	in_background POST "$TOKENS" '{}'
	control GET '/wait?method=POST&count=4' >/dev/null
	is 'stall waits before the change' $((before + 2)) "$(count_tokens)"
	wait "$LATER"
	is 'and makes it' $((before + 3)) "$(count_tokens)"
	is 'waiting ends' '{"count":0}' "$(control GET '/wait?path=/nothing&timeout_ms=50')"
	is 'counting' '{"count":4}' "$(control GET '/count?method=POST&path=*/service-tokens')"
	control DELETE /log >/dev/null
	is 'forgetting' '[]' "$(control GET /log)"
}

check_limits() {
	local seen=

	control POST /switch '{"rate_limit":2,"rate_window_ms":60000,"retry_after":"seconds"}' >/dev/null
	for _ in 1 2 3; do
		call GET "$LIST"
		seen="$seen$STATUS "
	done
	is 'rate_limit' '200 200 429 ' "$seen"
	is 'retry_after=seconds' true "$([ "$(header retry-after)" -gt 0 ] && echo true)"
	switch retry_after absent
	call GET "$LIST"
	call GET "$LIST"
	call GET "$LIST"
	is 'retry_after=absent' '429 ' "$STATUS $(header retry-after)"
	control DELETE /switches >/dev/null
	switch latency_ms 100
	call GET "$LIST"
	is 'latency_ms' 200 "$STATUS"
	control DELETE /switches >/dev/null
}

# form PATH BODY
form() {
	STATUS=$(curl -s -o "$WORK/body" -w '%{http_code}' -d "$2" "$API$1")
	BODY=$(<"$WORK/body")
}

check_login() {
	local code poll

	form /oauth/authorize_device 'client_id=x&scope=read_databases'
	code=$(jq -r .device_code <<<"$BODY")
	poll="grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=$code&client_id=x"
	switch device_pending 1
	form /oauth/token "$poll"
	is 'login pending' '400 "authorization_pending"' "$STATUS $(field .error)"
	switch device_login denied
	form /oauth/token "$poll"
	is 'login denied' '400 "access_denied"' "$STATUS $(field .error)"
	switch device_login approved
	form /oauth/token "$poll"
	is 'login' '200 "Bearer"' "$STATUS $(field .token_type)"
	code=$(jq -r .access_token <<<"$BODY")
	AUTH="Bearer $code" call GET "$LIST"
	is 'its token works' 200 "$STATUS"
	AUTH="Bearer $code" call GET /oauth/token/info
	is 'token info' '200 true' "$STATUS $(field .active)"
	form /oauth/revoke "client_id=x&client_secret=y&token=$code"
	is 'revoke' '200 {}' "$STATUS $BODY"
	AUTH="Bearer $code" call GET "$LIST"
	is 'then it does not' 401 "$STATUS"
	control DELETE /switches >/dev/null
	is 'logins leave no secret in the log' 0 "$(control GET /log | grep -c pscale_)"
}

check_load() {
	local start

	fault '{"count":0,"delay_ms":1000}'
	start=$(date +%s%N)
	for i in $(seq 500); do
		printf 'url = "%s%s"\noutput = "%s/load-%s"\n' "$API" "$LIST" "$WORK" "$i"
	done >"$WORK/urls"
	curl -s --no-progress-meter -Z --parallel-immediate --parallel-max 300 -H "Authorization: $AUTH" -K "$WORK/urls" &
	LATER=$!
	control GET '/wait?path=/v1/organizations&count=300&timeout_ms=10000' >/dev/null
	control GET /log >/dev/null
	wait "$LATER"
	is '500 delayed requests side by side' true \
		"$([ $(($(date +%s%N) - start)) -lt 8000000000 ] && echo true)"
	is 'are all answered' 500 "$(control GET '/count?status=200' | jq .count)"
	clear_faults
}

check_state_file() {
	local id

	call POST "$TOKENS" '{"name":"kept"}'
	id=$(jq -r .id <<<"$BODY")
	secret=$(jq -r .token <<<"$BODY")
	call POST "$TOKENS/$id/access" '{"database":"db-1","access":["read_branch"]}'
	control GET '/state?secrets=1' | jq -S . >"$WORK/before"
	stop_emulator
	start_emulator --state "$WORK/state.json"
	control GET '/state?secrets=1' | jq -S 'del(.organizations[].tokens[]|select(.admin))' >"$WORK/after"
	is 'the state file brings all back' '' \
		"$(jq -S 'del(.organizations[].tokens[]|select(.admin))' "$WORK/before" | diff - "$WORK/after")"
	is 'private' 600 "$(stat -c %a "$WORK/state.json")"
	AUTH=$id:$secret call GET "$LIST"
	is 'secrets, too' 200 "$STATUS"
	is 'save on request' '{}' "$(control POST /save)"
	kill "$EMULATOR_PID"
	wait "$EMULATOR_PID"
	is 'SIGTERM ends it' 0 $?
	EMULATOR_PID=
}

check_tls() {
	local kind

	for kind in good:0 untrusted:60 wrong-host:60 expired:60; do
		start_emulator --tls --tls-dir "$WORK/tls" --tls-cert "${kind%:*}"
		call GET "$LIST" '' --cacert "$CA"
		is "tls-cert=${kind%:*}" "${kind#*:}" "$CODE"
		stop_emulator
	done
	start_emulator --tls --tls-dir "$WORK/tls"
	fault '{"truncate":10}'
	call GET "$LIST" '' --cacert "$CA"
	is 'truncate over TLS' 10 "${#BODY}"
	fault '{"silence":true}'
	curl -s -m 20 --cacert "$CA" -H "Authorization: $AUTH" "$API$LIST" >"$WORK/later" &
	LATER=$!
	control GET '/wait?count=2' >/dev/null
	clear_faults
	wait "$LATER"
	is 'silence over TLS' acme "$(jq -r '.data[0].name' "$WORK/later")"
	stop_emulator
}

check_size() {
	start_emulator --seed-data orgs=1,databases=300,tokens=20000,grants=3
	call GET "$TOKENS?page=200&per_page=100"
	is '20000 tokens' '100 20000' "$(field '.data|length') $(field .total_count)"
	stop_emulator
}

start_emulator
for part in answers connections waiting limits login load; do
	"check_$part"
	stop_emulator
	start_emulator
done
fault '{"count":0,"silence":true}'
in_background GET "$LIST"
control GET /wait >/dev/null
stop_emulator
wait "$LATER"
is 'held requests do not keep it from ending' 000 "$(cat "$WORK/later-status")"
start_emulator --state "$WORK/state.json"
check_state_file
check_tls
check_size
conclude

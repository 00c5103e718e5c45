# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # for the tests, and from lib.sh
#
# The emulator of a mount test, and what a test asks it and tells it to do: its log, faults, switches, and changes
# that somebody else makes. lib.sh reads this file.

# start_emulator [OPTION…]: one organization "acme" with the databases blog and shop, and no token
# but the mount's own; with options, what they say.
start_emulator() {
	: >"$emulator_log" # what an earlier one said is not to be taken for this one's
	setsid setpriv --pdeathsig=TERM "$emulator_program" \
		--admin-token="$admin_id:$admin_secret" --bearer="$login" \
		"${@---seed-data=orgs=1,databases=0,tokens=0}" >"$emulator_log" 2>&1 &
	emulator=$!
	wait_for emulator_settled
	! process_ended "$emulator" || fail "the emulator ended: $(cat "$emulator_log")"
	api_url=$(sed -n 's/^listening //p' "$emulator_log")
	control_url=$(sed -n 's/^control //p' "$emulator_log")
	emulator_url=$api_url
	[[ $# -gt 0 ]] || api_data '[{"op": "add-database", "name": "blog"}, {"op": "add-database", "name": "shop"}]'
}

# Its last line says that it listens.
emulator_settled() { process_ended "$emulator" || grep -q '^bearer ' "$emulator_log"; }

stop_emulator() {
	local pid=$emulator
	api_log >"$work/requests"
	emulator=''
	end_process "$pid" TERM
}

# start_nghttpx [OPTION…]: TLS and HTTP/2 in front of the emulator, which must run, as a load balancer does
# it. $api_url is then nghttpx's address, and $ca its certificate, for --cacert.
start_nghttpx() {
	local port
	ca=$work/nghttpx.pem
	[[ -e $ca ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1,DNS:api.test \
		-keyout "$work/nghttpx.key" -out "$ca" 2>/dev/null
	# It takes no port 0, and says nothing of the port: any that is free.
	for _ in {1..20}; do
		port=$((20000 + RANDOM % 12000))
		: >"$work/nghttpx.log"
		setsid setpriv --pdeathsig=TERM nghttpx --conf=/dev/null --errorlog-file="$work/nghttpx.log" \
			--no-ocsp --workers=1 --frontend="127.0.0.1,$port" --backend="127.0.0.1,${emulator_url##*:}" \
			--response-header-field-buffer=2M --max-response-header-fields=5000 "$@" \
			"$work/nghttpx.key" "$ca" >"$work/nghttpx.out" 2>&1 &
		nghttpx=$!
		wait_for nghttpx_settled
		if ! process_ended "$nghttpx"; then
			api_url=https://127.0.0.1:$port
			return
		fi
		end_process "$nghttpx" TERM
		nghttpx=''
		grep -q 'in use' "$work/nghttpx.log" "$work/nghttpx.out" || break
	done
	fail "nghttpx does not start: $(cat "$work/nghttpx.log" "$work/nghttpx.out")"
}

stop_nghttpx() {
	end_process "$nghttpx" TERM
	nghttpx=''
}

nghttpx_worker() { pgrep --newest --parent "$nghttpx"; }
nghttpx_has_another() { [[ $(nghttpx_worker) && $(nghttpx_worker) != "$1" ]]; }

# reload_nghttpx: returns once a new process serves; the old one, in $old, goes on until its connections are
# over, and says GOAWAY on them.
reload_nghttpx() {
	old=$(nghttpx_worker)
	kill -HUP "$nghttpx"
	wait_for nghttpx_has_another "$old"
}

nghttpx_settled() { process_ended "$nghttpx" || grep -q 'Created worker thread' "$work/nghttpx.log"; }

admin_id=adm1n0000001
admin_secret=pscale_tkn_adminadminadminadminadminadminadminadmin123
login=pscale_oauth_loginloginloginloginloginlogin # of a person who may see everything

# ask METHOD PATH [BODY]: of the emulator's second port; the answer is left in $answer, and its status in $answered.
# No other program takes part: tests ask thousands of times, and starting curl and jq costs more than all the rest.
ask() {
	local address=${control_url#http://} body=${3-} socket line length=0
	answer='' answered=''
	{ exec {socket}<>"/dev/tcp/${address%:*}/${address##*:}"; } 2>/dev/null || fail "the emulator is gone"
	printf '%s %s HTTP/1.0\r\nContent-Length: %s\r\n\r\n%s' "$1" "$2" "${#body}" "$body" >&"$socket"
	read -r -t 20 _ answered _ <&"$socket" || fail "the emulator does not answer $*"
	while read -r -t 20 line <&"$socket" && line=${line%$'\r'} && [[ $line ]]; do
		[[ $line != Content-Length:* ]] || length=${line##* }
	done
	[[ $length -eq 0 ]] || read -r -N "$length" -t 20 answer <&"$socket" || fail "half an answer to $*: $answer"
	exec {socket}>&-
	[[ $answered == 200 ]]
}

# control METHOD PATH [BODY]: the same, printed; any other status than 200 fails the test.
control() {
	local answer answered
	ask "$@" || fail "the emulator's answer to $*: $answered $answer"
	print_answer
}

# look_up PATH: the same, where there may be nothing: then it is false.
look_up() {
	local answer answered
	ask GET "$1" || return 1
	print_answer
}

print_answer() {
	printf '%s' "$answer"
	[[ ! $answer || $answer == *$'\n' ]] || echo
}

# --- JSON and addresses, for what the emulator is asked ---

# quote WORDS: them as JSON text, left in $quoted.
quote() {
	if [[ $1 == *[^\ -~]* ]]; then
		quoted=$(jq -n --arg words "$1" '$words')
	else
		quoted=${1//\\/\\\\}
		quoted=\"${quoted//\"/\\\"}\"
	fi
}

# quote_all WORDS…: a list of them, left in $quoted.
quote_all() {
	local word list=''
	for word; do
		quote "$word"
		list+=,$quoted
	done
	quoted="[${list#,}]"
}

# text WORDS: as JSON, for json() to take as text though it may look like a number.
text() {
	local quoted
	quote "$1"
	printf '%s\n' "$quoted"
}

# What is surely JSON, and what is surely none.
plain_json='^(true|false|null|0|-?[1-9][0-9]{0,14}|"[] !#-[^-~]*")$'
plain_text='^[A-Z_a-z/*<][]-~!-[]*$'

# json KEY=VALUE…: an object; a value that is JSON is taken as that, any other as text.
json() {
	local pair value quoted object=''
	for pair; do
		value=${pair#*=}
		if [[ $value =~ $plain_json ]]; then
			quoted=$value
		elif [[ $value =~ $plain_text ]]; then
			quote "$value"
		else # jq tells what it is
			quoted=$(jq -cn --arg text "$value" '$text | try fromjson catch $text')
		fi
		value=$quoted
		quote "${pair%%=*}"
		object+=,$quoted:$value
	done
	printf '{%s}\n' "${object#,}"
}

# escape WORDS: as a part of an address, left in $escaped.
escape() {
	escaped=$1
	[[ $1 =~ ^[-A-Za-z0-9._~/*@]*$ ]] || escaped=$(jq -rn --arg words "$1" '$words | @uri')
}

# --- what the emulator is asked ---

api_state() { control GET /state; }
api_log() { control GET /log; }
api_events() { control GET /events; }
api_clear() {
	control DELETE /log >/dev/null
	control DELETE /events >/dev/null
}
api_data() { control POST /data "$1" >/dev/null; }
api_fault() { control POST /faults "$1" >/dev/null; }
api_release() { control DELETE /faults >/dev/null; }
api_switch() {
	local quoted key
	quote "$1" && key=$quoted
	quote "$2"
	control POST /switch "{$key:$quoted}" >/dev/null
}

# api_count METHOD PATHGLOB: how many such requests since api_clear; the path without its query.
api_count() {
	local escaped count
	escape "$2"
	count=$(control GET "/count?method=$1&path=$escaped")
	[[ $count =~ ^\{\"count\":([0-9]+)\}$ ]] || fail "no count: $count"
	echo "${BASH_REMATCH[1]}"
}

# requests: "METHOD PATH" of each since api_clear, in order, without queries.
requests() { control GET /log/requests; }

# changes: the requests that ask for a change, with what they ask.
changes() { control GET /log/asked; }

# fault METHOD PATHGLOB KEY=VALUE…: what befalls the next such request (count=0: each). Keys: status,
# body, close (before or after the change is made), delay_ms, skip, count, query, apply, silence …
fault() {
	local pair pairs=()
	for pair in "${@:3}"; do
		# A body is text, also if it is JSON.
		[[ $pair != body=* || $pair == body=\"* ]] || pair=body=$(text "${pair#body=}")
		pairs+=("$pair")
	done
	api_fault "$(json "method=$1" "path=$2" "${pairs[@]}")"
}

# hold METHOD PATHGLOB: the next such request is carried out but answered only after api_release.
hold() { fault "$1" "$2" apply=true silence=true "${@:3}"; }

# requested METHOD PATHGLOB: such a request has arrived, answered or not.
requested() { [[ $(api_count "$@") -gt 0 ]]; }

# --- what PlanetScale holds, and changes behind the mount's back ---

# holdings: all that a change of ours could change, for comparing before and after.
holdings() { control GET /holdings; }

# token_id NAME: its id; fails if there is no such token, or more than one.
token_id() {
	local escaped
	escape "$1"
	look_up "/token-id?name=$escaped"
}

token_exists() { token_id "$1" >/dev/null; }

# scopes_of TOKEN [DATABASE]: what it may do there (without a database: on the organization), in one line.
scopes_of() {
	local escaped token
	escape "$1" && token=$escaped
	escape "${2-}"
	look_up "/scopes?token=$token&database=$escaped"
}

# add_token NAME [KEY=VALUE…]: a token made by somebody else.
add_token() {
	local quoted
	quote "$1"
	api_data "$(json op=add-token "name=$quoted" "${@:2}")"
}

# add_tokens PREFIX N: as many, called PREFIX1 to PREFIXN.
add_tokens() {
	api_data "$(jq -n --arg prefix "$1" --argjson n "$2" \
		'[range(1; $n + 1) | {op: "add-token", name: "\($prefix)\(.)"}]')"
}

delete_token() { api_data "$(json op=delete-token "id=$(text "$(token_id "$1")")")"; }

# grant TOKEN DATABASE SCOPE…, revoke TOKEN DATABASE SCOPE…: by somebody else; DATABASE "" is the organization.
grant() { change_scopes grant "$@"; }
revoke() { change_scopes revoke "$@"; }
change_scopes() {
	local quoted database id
	id=$(token_id "$2")
	quote "$3" && database=$quoted
	quote_all "${@:4}"
	api_data "{\"op\":\"$1\",\"token\":\"$id\",\"database\":$database,\"access\":$quoted}"
}

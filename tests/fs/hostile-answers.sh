#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Answers made to harm: too large, too deep, endless, with bytes that are no text. They fail in the right
# words, or what they name is shown harmlessly.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fault-table.bash"

start_emulator
start_mount -o timeout=3
allow_error .

# repeat TEXT N
repeat() { printf "%0$2d" 0 | sed "s/0/$1/g"; }

bomb=$( (printf '{"data":['; head -c 34000000 /dev/zero | tr '\0' ' ') | gzip -9 | base64 -w 0)
texts=(
	[bomb]=$(jq -n --arg b "$bomb" '$b')
	[gzip]='{"Content-Encoding":"gzip"}'
	[nogzip]='{"Content-Encoding":"gzip","Content-Type":"application/json"}'
	[deep]="{\"data\":$(repeat '\[' 50000)"
	[deepobject]=$(repeat '{"data":' 10000)
	[rawnul]=$(printf '{"data":[{"id":"a\0b"}]}' | base64 -w 0)
	[control]=$(printf '{"data":[{"id":"abcdefghijk1","name":"a\001b"}]}' | base64 -w 0)
	[pathid]='{"data":[{"id":"../../organizations","name":"x"}]}'
	[endless]='{"data":[],"next_page":2}'
	[backwards]='{"data":[],"next_page":1}'
	[longid]="{\"data\":[{\"id\":\"$(repeat a 65)\",\"name\":\"x\"}]}"
	[escape]='{"code":"\u001b[2J","message":"\u001b]0;owned\u0007 \u202e end"}'
	[flood]="{\"code\":\"x\",\"message\":\"$(repeat w 60000)\"}"
)

rows=(
	"gzip-bomb           | list | headers=@gzip body_base64=@bomb      | Remote I/O error | EREMOTEIO;larger than 33554432 bytes | 1"
	"no-gzip             | list | headers=@nogzip body={\"data\":[]}   | Remote I/O error | EREMOTEIO;decompressed | 1"
	"deep-array          | list | body=@deep                           | Remote I/O error | EREMOTEIO;nested too deeply | 1"
	"deep-object         | list | body=@deepobject                     | Remote I/O error | EREMOTEIO;nested too deeply | 1"
	"raw-nul             | list | body_base64=@rawnul                  | Remote I/O error | EREMOTEIO;NUL | 1"
	"raw-control         | list | body_base64=@control                 | Remote I/O error | EREMOTEIO;control character | 1"
	"id-is-a-path        | list | body=@pathid                         | Remote I/O error | EREMOTEIO;data[0].id | 1"
	"id-too-long         | list | body=@longid                         | Remote I/O error | EREMOTEIO;data[0].id | 1"
	"endless-pages       | list | body=@endless count=0                | Remote I/O error | EREMOTEIO;does not end | 2"
	"pages-backwards     | list | body=@backwards count=0              | Remote I/O error | EREMOTEIO;does not end | 1"
	"escapes-in-a-reason | grant | status=403 body=@escape             | Permission denied | EACCES;owned? ? end | 1"
	"flood-of-words      | grant | status=422 body=@flood              | Invalid argument  | EINVAL;wwww | 1"
)
run_rows "$@"
assert_lacks "$(cat "$mnt/.pscalefs/errors")" $'\e' $'\a' $'\xe2\x80\xae'
[[ $(awk '{ if (length > n) n = length } END { print n }' "$mnt/.pscalefs/errors") -lt 2000 ]] || fail "a line of errors is endless"

# shows WHAT FILES BODY: a list of tokens that is shown so.
shows() {
	refresh
	api_fault "$(jq -n --arg path "$T" --arg body "$3" '{method: "GET", path: $path, body: $body, status: 200}')"
	assert_eq "$2" "$(ls "$tokens")" "$1"
}

token() { printf '{"id":"%s","name":%s}' "$1" "$2"; }

shows 'names that climb' $'%2E.\n%2E.%2F..%2Fetc' \
	"{\"data\":[$(token aaaaaaaaaaa1 '"../../etc"'),$(token aaaaaaaaaaa2 '".."')]}"
shows 'names with control characters' 'a%0Ab%1B' "{\"data\":[$(token aaaaaaaaaaa1 '"a\nb\u001b"')]}"
# What only JSON can say, in the names of some: the others are there as ever.
whole() { printf '{"id":"%s","name":%s,"service_token_accesses":[]}' "$1" "$2"; }
shows 'names that are no text' $'%00\n%ED%A0%80x\na%00b\nplain' "{\"data\":[$(whole aaaaaaaaaaa1 '"a\u0000b"'),
	$(whole aaaaaaaaaaa2 '"\ud800x"'),$(whole aaaaaaaaaaa3 '"\u0000"'),$(whole aaaaaaaaaaa4 '"plain"')]}"
assert_contains "$(cat "$tokens/a%00b/info.json")" '"name": "a\u0000b"'
assert_contains "$(cat "$tokens/%ED%A0%80x/info.json")" '"name": "\ud800x"'
assert_eq plain "$(jq -r .name "$tokens/plain/info.json")"
assert_fails 'Invalid argument' mkdir "$tokens/new%00" # nobody means that
shows 'a name of another type' '@aaaaaaaaaaa1' "{\"data\":[$(token aaaaaaaaaaa1 17)]}"
shows 'two of one id' 'first' "{\"data\":[$(token aaaaaaaaaaa1 '"first"'),$(token aaaaaaaaaaa1 '"second"')]}"
shows 'two of one name' $'x@aaaaaaaaaaa1\nx@aaaaaaaaaaa2' "{\"data\":[$(token aaaaaaaaaaa1 '"x"'),$(token aaaaaaaaaaa2 '"x"')]}"
shows 'a name too long for a file' '@aaaaaaaaaaa1' "{\"data\":[$(token aaaaaaaaaaa1 "\"$(repeat n 300)\"")]}"
shows 'nobody' '' '{"data":[]}'

# A time that no file can have.
shows 'a time far away' 'far' '{"data":[{"id":"aaaaaaaaaaa1","name":"far","created_at":"9999-12-31T23:59:59Z","last_used_at":"9999-12-31T23:59:59Z","service_token_accesses":[]}]}'
assert_eq 9999-12-31T23:59:59Z "$(cat "$tokens/far/created_at")"

# Bytes that are no UTF-8.
refresh
fault GET "$T" "body_base64=$(printf '{"data":[{"id":"aaaaaaaaaaa1","name":"a\377b\300\200"}]}' | base64 -w 0)"
assert_eq 'a%FFb%00' "$(ls "$tokens")"

# An organization and a database that would climb, in a path of the file system or of a URL.
refresh
fault GET "$A/databases" body='{"data":[{"id":"d1","name":"../up"},{"id":"d2","name":"ok"}]}'
assert_eq $'%2E.%2Fup\nok' "$(ls "$org/databases")"
refresh
fault GET /v1/organizations body='{"data":[{"id":"o1","name":".."}]}'
assert_fails 'Remote I/O error' ls "$mnt"
assert_contains "$(errors_last)" 'data[0].name: this cannot be a name'
assert_eq acme "$(ls "$mnt")"

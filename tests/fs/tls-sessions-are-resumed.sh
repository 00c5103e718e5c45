#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A new connection resumes the TLS session of an earlier one, whichever request made that. The connection that
# brings a token's secret neither resumes one nor leaves one, and SIGHUP forgets all: certificates are checked
# again.
#
# shellcheck disable=SC2016 # the dollars are nghttpx's
. "$(dirname "$0")/lib.sh"

# assert_handshakes METHOD WHAT: since the last call there were such requests, and all over connections that
# began so: "r" (resumed) or ".", as nghttpx says.
assert_handshakes() {
	wait_for has_asked "$1"
	assert_eq "$2" "$(since | sed -n "s/ $1\$//p" | sort -u)" "$1"
	seen=$(wc -l <"$work/access.log")
}
since() { tail -n +$((seen + 1)) "$work/access.log"; }
has_asked() { since | grep -q " $1\$"; }

# again: the list is asked for when nghttpx has ended the idle connection.
again() {
	wait_for idle_is_over
	seen=$(wc -l <"$work/access.log")
	ls "$tokens" >/dev/null
}
# None is established any more to nghttpx's port, as the kernel writes it.
idle_is_over() {
	awk -v port="$(printf ':%04X' "${api_url##*:}")" \
		'$3 ~ port "$" && $4 == "01" { found = 1 } END { exit found }' /proc/net/tcp
}

start_emulator
seen=0
start_nghttpx --frontend-http2-read-timeout=1s \
	--accesslog-file="$work/access.log" --accesslog-format='$tls_session_reused $method'
start_mount -o cache=0 --cacert "$ca"
ls "$tokens" >/dev/null
assert_handshakes GET .
# A handle of libcurl that made a token is not used again, nor what it knew.
mkdir "$tokens/made"
assert_handshakes POST .
again
assert_handshakes GET r
# And so on: a session of TLS 1.3 is good for one connection, which brings the next.
again
assert_handshakes GET r
kill -HUP "$daemon"
wait_for grep -q 'SIGHUP: cache cleared' "$log"
ls "$tokens" >/dev/null
assert_handshakes GET .

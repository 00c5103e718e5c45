#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Behind a proxy that speaks HTTP/2 it works as without one, up to the documented limit of an answer's head.
. "$(dirname "$0")/lib.sh"

# --- nghttpx: what a token's life needs
start_emulator
start_nghttpx
start_mount -o "timeout=$((5 * slower))" --cacert "$ca"
mkdir "$tokens/ci"
[[ -s $tokens/ci/token ]] || fail "no secret over HTTP/2"
file=$tokens/ci/databases/shop/permissions
printf '%s\n' create_branch read_branch >"$file"
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
echo -create_branch >>"$file"
assert_eq read_branch "$(scopes_of ci shop)"
rm -r "$tokens/ci"
! token_exists ci || fail "not deleted"
stop_mount
stop_nghttpx

# --- nginx, which compresses: its answers have no length, and their head and body come at once.
# nghttpx cannot send heads of more than 64 KiB.

# start_nginx N SIZE: it adds N headers of SIZE bytes, no two alike, or HPACK would make them short.
start_nginx() {
	local port
	for _ in {1..20}; do
		port=$((20000 + RANDOM % 12000))
		cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log notice;
events {}
http {
	access_log off;
	client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
	uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
	gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;
	server {
		listen 127.0.0.1:$port ssl http2;
		ssl_certificate $ca; ssl_certificate_key $work/nghttpx.key;
		location / {
			proxy_pass $emulator_url; proxy_http_version 1.1; proxy_set_header Connection "";
			$(large_headers "$@")
		}
	}
}
CONF
		nginx -c "$work/nginx.conf" 2>"$work/nginx.err" &
		nginx=$!
		wait_for nginx_settled
		if ! process_ended "$nginx"; then
			api_url=https://127.0.0.1:$port
			return
		fi
		grep -q 'in use' "$work/nginx.err" "$work/nginx.log" || break
	done
	fail "nginx does not start: $(cat "$work/nginx.err" "$work/nginx.log")"
}

nginx_settled() { process_ended "$nginx" || [[ -s $work/nginx.pid ]]; }

stop_nginx() {
	end_process "$nginx" TERM
	rm -f "$work/nginx.pid"
}

large_headers() {
	python3 -c '
import random, sys
n, size = int(sys.argv[1]), int(sys.argv[2])
for i in range(n):
    name = "X-Large-%d" % i
    print("add_header %s %s;" % (name, "".join(random.choices("abcdefghijklmnop", k=size - len(name) - 4))))
' "$@"
}

api_switch gzip off
add_tokens tok 50

# The libcurl of Debian 12 ends an HTTP/2 session with more than 128 KiB of head: then it is HTTP/1.1.
for size in '31 536' '40 3000' '80 3000'; do
	read -r n bytes <<<"$size"
	start_nginx "$n" "$bytes"
	api_clear
	start_mount -o "timeout=$((5 * slower))" --cacert "$ca"
	assert_eq 50 "$(ls "$tokens" | wc -l)" "$size"
	assert_eq $'blog\nshop' "$(ls "$org/databases")" "$size"
	[[ $n -ge 80 ]] || [[ $(requests | sort | uniq -d) == '' ]] || fail "$size: repeated: $(requests)"
	stop_mount
	stop_nginx
done

start_nginx 100 3000
set_command
run timeout 30 "${command[@]}" -o "timeout=$((5 * slower))" --cacert "$ca" "$mnt"
assert_eq 32 "$status" "$message"
assert_contains "$message" 'the head of the answer' '262144 bytes'
stop_nginx

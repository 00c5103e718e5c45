#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Too many requests, or trouble over there: repeated where that is safe, in the time there is; else the
# right errno, the reason in errors, and all is well again afterwards.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fault-table.bash"

start_emulator
start_mount -o timeout=3,rate=6000 # of which a tenth is left after many a 429
allow_error .

texts=(
	[refusal]='{"code":"told_you","message":"No means no"}'
	[html]='<!DOCTYPE html><html><body>Bad gateway</body></html>'
	[later]='{"Retry-After":"1"}'
	[soon]='{"Retry-After":"0.3"}'
	[never]='{"Retry-After":"3600"}'
	[past]='{"Retry-After":"Sun, 06 Nov 1994 08:49:37 GMT"}'
	[odd]='{"Retry-After":"soon, perhaps"}'
	[proxy]='{"Content-Type":"text/html"}'
)

rows=(
	# Too many requests: once is waited for, with or without a word on how long; what takes too long fails at once.
	"list-429           | list   | status=429                          | done | | 2"
	"list-429-seconds   | list   | status=429 headers=@later           | done | | 2"
	"list-429-decimal   | list   | status=429 headers=@soon            | done | | 2"
	"list-429-date      | list   | status=429 headers=@past            | done | | 2"
	"list-429-odd       | list   | status=429 headers=@odd             | done | | 2"
	"grant-429          | grant  | status=429 headers=@soon            | done | | 2"
	"revoke-429         | revoke | status=429 headers=@soon            | done | | 2"
	"rmdir-429          | rmdir  | status=429 headers=@soon            | done | | 2"
	"mkdir-429          | mkdir  | status=429 headers=@soon            | Resource temporarily unavailable | EAGAIN;HTTP 429 | 1"
	"list-429-never     | list   | status=429 headers=@never           | Resource temporarily unavailable | EAGAIN;HTTP 429 | 1"
	"list-429-for-ever  | list   | status=429 count=0                  | Resource temporarily unavailable | EAGAIN;HTTP 429 | 2+"

	# Trouble over there: what passes is waited for, what does not is told; a token's POST is sent once.
	"list-500           | list   | status=500 body=@refusal            | Remote I/O error         | EREMOTEIO;HTTP 500;told_you | 1"
	"grant-500          | grant  | status=500                          | Remote I/O error         | EREMOTEIO;HTTP 500 | 1"
	"mkdir-500          | mkdir  | status=500                          | Remote I/O error         | EREMOTEIO;HTTP 500 | 1"
	"list-501           | list   | status=501 count=0                  | Remote I/O error         | EREMOTEIO;HTTP 501 | 1"
	"list-502           | list   | status=502                          | done | | 2"
	"list-502-html      | list   | status=502 headers=@proxy body=@html count=2 | done | | 3"
	"list-503           | list   | status=503 headers=@soon            | done | | 2"
	"list-504           | list   | status=504                          | done | | 2"
	"grant-502          | grant  | status=502                          | done | | 2"
	"grant-503          | grant  | status=503                          | done | | 2"
	"revoke-502         | revoke | status=502                          | done | | 2"
	"rmdir-504          | rmdir  | status=504                          | done | | 2"
	"mkdir-502          | mkdir  | status=502                          | Remote I/O error         | EREMOTEIO;HTTP 502;no token new appeared | 1"
	"mkdir-503          | mkdir  | status=503                          | Remote I/O error         | EREMOTEIO;HTTP 503 | 1"
	"mkdir-504-made     | mkdir  | status=504 apply=true               | Input/output error       | EIO;HTTP 504;was made (id ;rmdir | 1"
	"list-502-for-ever  | list   | status=502 body=@html count=0       | Remote I/O error         | EREMOTEIO;HTTP 502 | 3+"
	"list-503-never     | list   | status=503 headers=@never           | Remote I/O error         | EREMOTEIO;HTTP 503 | 1"
)
run_rows "$@"

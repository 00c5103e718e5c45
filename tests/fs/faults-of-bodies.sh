#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Answers that make no sense, and redirections: the right errno, the reason in errors, no command lies,
# and all is well again afterwards.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fault-table.bash"

start_emulator
start_mount -o timeout=3
allow_error .

texts=(
	[html]='<!DOCTYPE html><html><body>Bad gateway</body></html>'
	[nonsense]='{"data": [oops]}'
	[elsewhere]='{"Location":"http://127.0.0.1:9/v1/organizations"}'
	[strings]='{"data":["a","b"]}'
	[object]='{"data":{"id":"x"}}'
	[numberid]='{"data":[{"id":17,"name":"x"}]}'
	[page]='{"data":[],"next_page":"two"}'
	[empty]=''
)

rows=(
	# Bodies that are none.
	"list-html          | list   | body=@html                          | Remote I/O error         | EREMOTEIO;web page | 1"
	"list-nonsense      | list   | body=@nonsense                      | Remote I/O error         | EREMOTEIO;not JSON | 1"
	"list-nothing       | list   | status=200 body=@empty              | Remote I/O error         | EREMOTEIO;empty | 1"
	"list-no-content    | list   | status=204                          | Remote I/O error         | EREMOTEIO;answered 204;proxy | 1"
	"list-array         | list   | body=[]                             | Remote I/O error         | EREMOTEIO;not a JSON object | 1"
	"list-empty-object  | list   | body={}                             | Remote I/O error         | EREMOTEIO;data | 1"
	"list-of-strings    | list   | body=@strings                       | Remote I/O error         | EREMOTEIO;data[0] | 1"
	"list-of-an-object  | list   | body=@object                        | Remote I/O error         | EREMOTEIO;data | 1"
	"list-number-id     | list   | body=@numberid                      | Remote I/O error         | EREMOTEIO;data[0].id | 1"
	"list-odd-page      | list   | body=@page                          | Remote I/O error         | EREMOTEIO;next_page | 1"
	"error-empty-object | grant  | status=403 body={}                  | Permission denied        | EACCES;HTTP 403 | 1"
	"error-no-body      | grant  | status=403                          | Permission denied        | EACCES;HTTP 403 | 1"
	"error-html         | grant  | status=403 body=@html               | Permission denied        | EACCES;HTTP 403 | 1"
	"error-nonsense     | grant  | status=422 body=@nonsense           | Invalid argument         | EINVAL;HTTP 422 | 1"
	"read-html          | read   | body=@html                          | Remote I/O error         | EREMOTEIO;web page | 1"
	"grant-html         | grant  | status=200 body=@html count=0       | Remote I/O error         | EREMOTEIO;create_branch is not granted;proxy | 1"
	"revoke-empty-yes   | revoke | status=204 count=0                  | Remote I/O error         | EREMOTEIO;still granted | 1"
	"mkdir-html         | mkdir  | status=200 body=@html               | Input/output error       | EIO;web page;no token new appeared | 1"
	"mkdir-html-made    | mkdir  | body=@html           apply=true     | Input/output error       | EIO;was made (id | 1"
	"mkdir-empty-made   | mkdir  | body={} apply=true                  | Input/output error       | EIO;was made (id | 1"

	# Redirections are not followed, whoever asks for it.
	"list-301           | list   | status=301 headers=@elsewhere       | Remote I/O error         | EREMOTEIO;HTTP 301 | 1"
	"list-302           | list   | status=302 headers=@elsewhere       | Remote I/O error         | EREMOTEIO;HTTP 302 | 1"
	"grant-307          | grant  | status=307 headers=@elsewhere       | Remote I/O error         | EREMOTEIO;HTTP 307 | 1"
	"mkdir-308          | mkdir  | status=308 headers=@elsewhere       | Remote I/O error         | EREMOTEIO;HTTP 308 | 1"
)
run_rows "$@"

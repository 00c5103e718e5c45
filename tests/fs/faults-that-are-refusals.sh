#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A request that PlanetScale refuses: the right errno, the reason in errors, sent once only, and all is
# well again afterwards.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fault-table.bash"

start_emulator
start_mount -o timeout=3
allow_error .

texts=(
	[refusal]='{"code":"told_you","message":"No means no"}'
	[expired]='{"code":"unauthorized","message":"The token has expired"}'
)

rows=(
	# What is wrong with the request or with who sends it is never sent again.
	"list-400           | list   | status=400 body=@refusal            | Invalid argument         | EINVAL;HTTP 400;told_you;No means no | 1"
	"grant-400          | grant  | status=400 body=@refusal            | Invalid argument         | EINVAL;HTTP 400;told_you;grant access | 1"
	"list-401           | list   | status=401 body=@refusal count=0    | Key was rejected by service | EKEYREJECTED;HTTP 401;pscale auth login | 1"
	"grant-401          | grant  | status=401 body=@refusal count=0    | Key was rejected by service | EKEYREJECTED;HTTP 401 | 1"
	"mkdir-401          | mkdir  | status=401 body=@refusal            | Key was rejected by service | EKEYREJECTED;HTTP 401 | 1"
	"list-401-expired   | list   | status=401 body=@expired count=0    | Key has expired          | EKEYEXPIRED;HTTP 401 | 1"
	"list-403           | list   | status=403 body=@refusal            | Permission denied        | EACCES;HTTP 403;read_service_tokens | 1"
	"mkdir-403          | mkdir  | status=403 body=@refusal            | Permission denied        | EACCES;HTTP 403;write_service_tokens | 1"
	"rmdir-403          | rmdir  | status=403 body=@refusal            | Permission denied        | EACCES;HTTP 403;delete_service_tokens | 1"
	"list-404           | list   | status=404 body=@refusal count=0    | Permission denied        | EACCES;HTTP 404;read_service_tokens | 1"
	"organizations-404  | organizations | status=404 body=@refusal count=0 | Remote I/O error | EREMOTEIO;HTTP 404;address | 1"
	"grant-404          | grant  | status=404 body=@refusal count=0    | Permission denied        | EACCES;HTTP 404 | 1"
	"mkdir-404          | mkdir  | status=404 body=@refusal            | Permission denied        | EACCES;HTTP 404 | 1"
	"rmdir-404          | rmdir  | status=404 body=@refusal            | Permission denied        | EACCES;HTTP 404;delete_service_tokens | 1"
	"mkdir-409          | mkdir  | status=409 body=@refusal            | File exists              | EEXIST;HTTP 409;told_you | 1"
	"mkdir-422          | mkdir  | status=422 body=@refusal            | Invalid argument         | EINVAL;HTTP 422;told_you | 1"
	"grant-422          | grant  | status=422 body=@refusal            | Invalid argument         | EINVAL;HTTP 422;told_you | 1"
	"revoke-422         | revoke | status=422 body=@refusal            | Invalid argument         | EINVAL;HTTP 422;told_you | 1"
	"list-418           | list   | status=418                          | Remote I/O error         | EREMOTEIO;HTTP 418 | 1"
)
run_rows "$@"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Connections that break, stall or fall silent: what may be repeated is, what may not fails in the right
# words within the timeout, no command lies, and all is well again afterwards.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/fault-table.bash"

start_emulator
start_mount -o timeout=4 # longer than a replica lags
allow_error .

rows=(
	# Broken before the request had its effect, and after it.
	"list-closed         | list   | close=before            | done | | 2"
	"list-closed-after   | list   | close=after             | done | | 2"
	"read-closed         | read   | close=before            | done | | 2"
	"grant-closed        | grant  | close=before            | done | | 2"
	"grant-closed-after  | grant  | close=after             | done | | 2"
	"revoke-closed       | revoke | close=before            | done | | 2"
	"revoke-closed-after | revoke | close=after             | done | | 2"
	"rmdir-closed        | rmdir  | close=before            | done | | 2"
	"rmdir-closed-after  | rmdir  | close=after             | done | | 2"
	"mkdir-closed        | mkdir  | close=before            | Input/output error | EIO;no token new appeared;without an answer | 1"
	"mkdir-closed-after  | mkdir  | close=after             | Input/output error | EIO;was made (id ;rmdir | 1"
	"list-reset          | list   | reset=true              | done | | 2"
	"grant-reset         | grant  | reset=true              | done | | 2"
	"grant-reset-after   | grant  | reset=true apply=true   | done | | 2"
	"mkdir-reset         | mkdir  | reset=true              | Input/output error | EIO;no token new appeared | 1"
	"mkdir-reset-after   | mkdir  | reset=true apply=true   | Input/output error | EIO;was made (id  | 1"

	# A server that closes connections that idle: the next request goes another way.
	"list-idle-close     | list   | close=idle              | done | | 1"
	"grant-idle-close    | grant  | close=idle              | done | | 1"
	"mkdir-idle-close    | mkdir  | close=idle              | done | | 1"

	# Half an answer is none.
	"list-cut            | list   | truncate=20             | done | | 2"
	"list-cut-to-nothing | list   | truncate=0              | done | | 2"
	"grant-cut           | grant  | truncate=20             | done | | 2"
	"mkdir-cut           | mkdir  | truncate=20             | Input/output error | EIO;was made (id ;in the middle | 1"

	# For ever: the reason is told when the time is over, not before it was tried again.
	"list-closed-always  | list   | close=before count=0    | Remote I/O error | EREMOTEIO;without an answer | 3+"
	"grant-closed-always | grant  | close=before count=0    | Remote I/O error | EREMOTEIO;without an answer | 3+"
	"rmdir-reset-always  | rmdir  | reset=true count=0      | Remote I/O error | EREMOTEIO;delete the service token | 3+"
	"list-cut-always     | list   | truncate=20 count=0     | Remote I/O error | EREMOTEIO;in the middle | 3+"

	# Slow is not broken; silent is, and is not asked again.
	"list-slow           | list   | delay_ms=300            | done | | 1"
	"mkdir-slow          | mkdir  | delay_ms=300            | done | | 1"
	"list-trickles       | list   | trickle_ms=1            | done | | 1"
	"list-trickles-long  | list   | trickle_ms=400 count=0  | Connection timed out | ETIMEDOUT | 1"
	"list-silent         | list   | silence=true count=0    | Connection timed out | ETIMEDOUT;no answer from ;within 4 s | 1"
	"read-silent         | read   | silence=true count=0    | Connection timed out | ETIMEDOUT | 1"
	"grant-silent        | grant  | silence=true count=0    | Connection timed out | ETIMEDOUT | 1"
	"grant-silent-after  | grant  | silence=true apply=true | Connection timed out | ETIMEDOUT | 1"
	"rmdir-silent        | rmdir  | silence=true count=0    | Connection timed out | ETIMEDOUT | 1"
	"mkdir-silent        | mkdir  | silence=true            | Input/output error | EIO;no token new appeared;within 4 s | 1"
	"mkdir-silent-after  | mkdir  | silence=true apply=true | Input/output error | EIO;was made (id ;within 4 s | 1"
)
run_rows "$@"

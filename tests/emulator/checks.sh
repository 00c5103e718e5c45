# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# checks.sh — sourced by the emulator's own tests: starts an emulator, calls
# it, prints "ok - …" and "not ok - …" lines.
#
# After start_emulator: $API, $CONTROL, $ADMIN and $BEARER. After call: $STATUS
# and $BODY, and the answer's headers in $WORK/headers.

EMULATOR=${1:-${PSCALE_EMULATOR:-pscale-emulator}}
WORK=$(mktemp -d)
EMULATOR_PID=
FAILED=0
CHECKS=0

finish_checks() {
	[ -z "$EMULATOR_PID" ] || kill "$EMULATOR_PID" 2>/dev/null
	rm -rf "$WORK"
}
trap finish_checks EXIT

# Ends the script with its verdict.
conclude() {
	echo "1..$CHECKS"
	exit $((FAILED > 0))
}

ok() {
	CHECKS=$((CHECKS + 1))
	echo "ok - $1"
}

not_ok() {
	CHECKS=$((CHECKS + 1))
	FAILED=$((FAILED + 1))
	echo "not ok - $1"
	[ $# -lt 2 ] || echo "# $2"
}

# is WHAT EXPECTED ACTUAL
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "expected '$2', got '$3'"
	fi
}

# start_emulator [OPTION]...
start_emulator() {
	: >"$WORK/announced"
	"$EMULATOR" "$@" >"$WORK/announced" 2>"$WORK/errors" &
	EMULATOR_PID=$!
	for _ in $(seq 200); do
		grep -q '^bearer' "$WORK/announced" && break
		kill -0 "$EMULATOR_PID" 2>/dev/null || break
		sleep 0.05
	done
	API=$(sed -n 's/^listening //p' "$WORK/announced")
	CONTROL=$(sed -n 's/^control //p' "$WORK/announced")
	ADMIN=$(sed -n 's/^admin-token //p' "$WORK/announced")
	BEARER=$(sed -n 's/^bearer //p' "$WORK/announced")
	CA=$(sed -n 's/^ca //p' "$WORK/announced")
	if [ -z "$BEARER" ]; then
		not_ok "the emulator starts with: $*" "$(cat "$WORK/errors")"
		conclude
	fi
	AUTH=$ADMIN
}

# Ends it in a clean way and checks that it was.
stop_emulator() {
	local code

	curl -s -X POST "$CONTROL/quit" >/dev/null
	wait "$EMULATOR_PID"
	code=$?
	EMULATOR_PID=
	if [ $code -ne 0 ] || [ -s "$WORK/errors" ]; then
		not_ok "the emulator ends cleanly" "exit $code: $(head -c 2000 "$WORK/errors")"
	fi
}

# call METHOD PATH [BODY] [CURL-OPTION]... — as $AUTH
call() {
	local method=$1 path=$2 body=${3-}
	local options=(-s --path-as-is -m 20 -X "$method" -D "$WORK/headers" -o "$WORK/body"
		-w '%{http_code}' -A check/1 -H "Authorization: $AUTH")

	shift $(($# < 3 ? $# : 3))
	[ -z "$body" ] || options+=(-H 'Content-Type: application/json' -d "$body")
	: >"$WORK/body"
	STATUS=$(curl "${options[@]}" "$@" "$API$path")
	CODE=$?
	BODY=$(tr -d '\0' <"$WORK/body")
}

# The answer through jq, compact.
field() {
	jq -c "$1" <<<"$BODY" 2>/dev/null
}

# control METHOD PATH [BODY]
control() {
	local options=(-s -X "$1")

	[ $# -lt 3 ] || options+=(-d "$3")
	curl "${options[@]}" "$CONTROL$2"
}

# switch NAME VALUE
switch() {
	control POST /switch "{\"$1\":\"$2\"}" >/dev/null
}

header() {
	tr -d '\r' <"$WORK/headers" | grep -i "^$1: " | tail -1 | cut -d' ' -f2-
}

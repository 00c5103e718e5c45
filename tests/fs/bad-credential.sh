#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A credential that is no good: exit status 32 at once, a sentence that says what to do, no mount.
. "$(dirname "$0")/lib.sh"

start_emulator
mkdir "$mnt"

# rejected PART ARGUMENT…: with the environment in $credential; the sentence must hold PART.
rejected() {
	local part=$1 foreground
	shift
	set_command
	for foreground in true false; do
		if $foreground; then set -- -f "$@"; else shift; fi
		run timeout 10 "${command[@]}" "$@" "$mnt"
		assert_eq 32 "$status" "$part: $message"
		! mounted "$mnt" || fail "mounted all the same"
		assert_contains "$message" 'pscalefs: ' "$part"
		assert_lacks "$message" "$admin_secret" pscale_tkn_wrong
		assert_eq '' "$output"
	done
}

id=PLANETSCALE_SERVICE_TOKEN_ID=$admin_id
secret=PLANETSCALE_SERVICE_TOKEN=$admin_secret

credential=("$id" PLANETSCALE_SERVICE_TOKEN=pscale_tkn_wrong)
rejected 'rejected'
credential=(PLANETSCALE_API_TOKEN=pscale_oauth_wrong)
rejected 'pscale auth login'
credential=("$id")
rejected PLANETSCALE_SERVICE_TOKEN
credential=("$secret")
rejected PLANETSCALE_SERVICE_TOKEN_ID
credential=("PLANETSCALE_SERVICE_TOKEN_ID=$admin_secret" "PLANETSCALE_SERVICE_TOKEN=$admin_id")
rejected swapped
credential=()
rejected PLANETSCALE_SERVICE_TOKEN_ID

# Files: one that others can read, one that is not there, one that is empty.
printf '%s\n' "$id" "$secret" >"$work/credentials"
chmod 644 "$work/credentials"
rejected chmod -o "credentials=$work/credentials"
rejected "$work/missing" -o "credentials=$work/missing"
: >"$work/empty"
chmod 600 "$work/empty"
rejected "$work/empty" -o "credentials=$work/empty"

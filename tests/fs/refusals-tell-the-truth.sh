#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What PlanetScale refuses fails, in the right words, changes nothing, and is explained in errors.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token ci
add_token idle
grant ci shop read_branch connect_branch
start_mount
allow_error .
id=$(token_id ci)
idle=$(token_id idle)
file=$tokens/ci/databases/shop/permissions
ls "$tokens" "$org/databases" >/dev/null

replace_and_sync() { echo read_branch >"$file" && sync "$file"; }
empty_and_sync() { : >"$file" && sync "$file"; }

# what it is called | the request that is refused | the command
kinds=(
	"mkdir|POST $T|mkdir $tokens/new"
	"create-token|POST $T|overwrite $org/create-token new"
	"grant|POST $T/$id/access|append $file delete_branch"
	"replace|POST $T/$id/access|overwrite $file delete_branch"
	"revoke|DELETE $T/$id/access|append $file -read_branch"
	"rm|DELETE $T/$id/access|rm $file"
	"rm -r database|DELETE $T/$id/access|rm -r $tokens/ci/databases/shop"
	"leave out|DELETE $T/$id/access|replace_and_sync"
	"empty|DELETE $T/$id/access|empty_and_sync"
	"rmdir|DELETE $T/$idle|rmdir $tokens/idle"
	"rm -r|DELETE $T/$idle|rm -r $tokens/idle"
)

# what PlanetScale answers | what the command says
refusals=(
	"403|Permission denied"
	"422|Invalid argument"
	"500|Remote I/O error"
)

for kind in "${kinds[@]}"; do
	IFS='|' read -r what request command <<<"$kind"
	read -ra command <<<"$command"
	for refusal in "${refusals[@]}"; do
		IFS='|' read -r code words <<<"$refusal"
		before=$(holdings)
		api_clear
		fault "${request%% *}" "${request#* }" status="$code" \
			body="{\"code\":\"told_you\",\"message\":\"No means no $what\"}"
		assert_fails "$words" "${command[@]}"
		# None of these is sent again.
		assert_eq 1 "$(api_count "${request%% *}" "${request#* }")" "$what, $code"
		assert_eq "$before" "$(holdings)" "$what, $code"
		assert_contains "$(errors_last)" "$code" told_you "No means no $what"
		# The next look is at what PlanetScale has.
		assert_eq $'ci\nidle' "$(ls "$tokens")" "$what, $code"
		assert_eq $'connect_branch\nread_branch' "$(cat "$file")" "$what, $code"
	done
done

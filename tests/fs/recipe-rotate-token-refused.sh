#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# rotate-token, with PlanetScale refusing or gone from any of its requests on: there is always a token that works,
# no secret is lost, and what the message says is left to do leads to one token.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/rotation.bash"

allow_error .
start_emulator
start_mount -o timeout=1

next_rotation
run rotation
assert_eq 0 "$status" "$message"
count=$(requests | wc -l)
[[ $count -ge 7 ]] || fail "only $count requests"

stops=0
for trouble in status=403 close=after; do
	for ((at = 0; at < count; at++)); do
		what="$trouble from request $at on"
		next_rotation
		fault '*' '/v1/*' skip="$at" count=0 "$trouble"
		run rotation
		api_release
		if [[ $status -eq 0 ]]; then # it needed fewer requests
			check_one "$what"
			continue
		fi
		stops=$((stops + 1))
		[[ $message ]] || fail "$what: nothing is said"
		check_stopped "$what"
		# 2: it says that nothing was changed.
		if [[ $status -eq 2 ]]; then
			assert_changes
		else
			assert_eq 1 "$status" "$what: $message"
			obey "$what"
		fi
	done
done
[[ $stops -ge 12 ]] || fail "stopped only $stops times"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# pscalefs run ends after the last change is made, and a change that fails when a file is closed makes its
# exit status 125, although the command did not notice.
#
# shellcheck disable=SC2016,SC2086 # what the command expands; options are words
. "$(dirname "$0")/runs.bash"
add_token ci
id=$(token_id ci)

command_ended() { ! pgrep -P "$runner" bash; }

# The first unmounts, another one gives up what is under way.
ended_by_terms() {
	process_ended "$runner" || {
		kill -TERM "$runner"
		false
	}
}

for options in '' --no-namespace; do
	grant ci shop read_branch delete_branch
	# A child of the writer closes the file last, after the command has ended: nobody waits for the answer.
	pscalefs run $options bash -c 'cd "$PSCALEFS/acme/service-tokens/ci/databases/shop"
		exec 3>permissions; (echo read_branch >&3); exec 3>&-'
	assert_eq read_branch "$(scopes_of ci shop)"

	# It waits for the answer.
	grant ci shop delete_branch
	hold DELETE "$T/$id/access"
	api_clear
	"${command[@]}" run $options sh -c 'echo read_branch >"$PSCALEFS/acme/service-tokens/ci/databases/shop/permissions"' &
	runner=$!
	wait_for requested DELETE "$T/$id/access"
	! process_ended "$runner" || fail "it did not wait"
	api_release
	status_of "$runner"
	assert_eq 0 "$status"
	assert_eq read_branch "$(scopes_of ci shop)"

	# What fails at close, a shell does not notice.
	grant ci shop delete_branch
	write='echo read_branch >"$PSCALEFS/acme/service-tokens/ci/databases/shop/permissions"'
	fault DELETE "$T/$id/access" status=403 body='{"code":"forbidden","message":"no"}' count=0
	run pscalefs run $options sh -c "$write; true"
	assert_eq "125" "$status"
	assert_contains "$message" 'pscalefs: /acme/service-tokens/ci/databases/shop/permissions: '
	run pscalefs run $options sh -c "$write; exit 7"
	assert_eq "7" "$status"
	assert_contains "$message" databases/shop/permissions:
	# It is no surprise any more if the command has asked, or has made the change later.
	run pscalefs run $options sh -c "$write; sync \"\$PSCALEFS/acme/service-tokens/ci/databases/shop/permissions\" 2>/dev/null || exit 0"
	assert_eq "0 ''" "$status '$message'"
	api_release
	fault DELETE "$T/$id/access" status=403 body='{"code":"forbidden","message":"no"}'
	run pscalefs run $options sh -c "$write; $write"
	assert_eq "0 ''" "$status '$message'"
	assert_eq read_branch "$(scopes_of ci shop)"
	# A command that saw its write fail decides itself.
	run pscalefs run $options sh -c 'echo read_brnach >>"$PSCALEFS/acme/service-tokens/ci/databases/shop/permissions" || exit 0'
	assert_eq 0 "$status"

	# Given up while it waits.
	grant ci shop delete_branch
	hold DELETE "$T/$id/access"
	api_clear
	"${command[@]}" run $options bash -c "$write & while ! [ -e $work/asked ]; do sleep 0.02; done" 2>"$work/err" &
	runner=$!
	wait_for requested DELETE "$T/$id/access"
	touch "$work/asked"
	wait_for command_ended
	wait_for ended_by_terms
	status_of "$runner"
	assert_eq 125 "$status"
	assert_contains "$(cat "$work/err")" 'databases/shop/permissions: the mount ended before the change was done'
	api_release
	rm "$work/asked"
	assert_eq '' "$(ls -A "$work/tmp")"
done

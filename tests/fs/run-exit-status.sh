#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# pscalefs run returns the command's exit status, gives it what it inherits unchanged but for the
# credential, and leaves no mount and no directory.
#
# shellcheck disable=SC2016,SC2086 # what the command expands; options are words
. "$(dirname "$0")/runs.bash"
add_token ci

# assert_status STATUS [ARGUMENT…]: of pscalefs run.
assert_status() {
	local wanted=$1
	shift
	run pscalefs run "$@"
	assert_eq "$wanted" "$status" "$* ($message)"
	assert_eq '' "$(ls -A "$work/tmp")" "left behind by $*"
}

for namespace in '' --no-namespace; do
	assert_status 0 $namespace true
	assert_eq "''" "'$output$message'"
	assert_status 42 $namespace -- sh -c 'exit 42'
	assert_status 137 $namespace sh -c 'kill -KILL $$'
	assert_status 143 $namespace sh -c 'kill -TERM $$'
	assert_eq '' "$message"
	assert_status 127 $namespace no-such-command
	assert_contains "$message" 'cannot run no-such-command: No such file or directory'
	assert_status 126 $namespace /etc/passwd
	assert_contains "$message" 'cannot run /etc/passwd: Permission denied'
	assert_status 0 $namespace sh -c 'echo "$PSCALEFS"; ls "$PSCALEFS/acme/service-tokens"'
	assert_eq ci "$(sed -n 's/^ci$/ci/p' <<<"$output")"
	assert_contains "$output" "$work/tmp/pscalefs."
	# Only the command sees the mount, unless fusermount3 or root mounts it for all.
	assert_status 0 $namespace sh -c "grep -c ' $work/tmp/.* fuse.pscalefs ' /proc/self/mountinfo; \
		grep -c ' $work/tmp/.* fuse.pscalefs ' /proc/$$/mountinfo; true"
	assert_eq "$([[ $namespace ]] && echo '1 1' || echo '1 0')" "$(xargs <<<"$output")"
done

# --- without a mount there is no command
touch_mark=(touch "$work/mark")
assert_status 32 -o org=nobody "${touch_mark[@]}"
assert_contains "$message" 'there is no organization nobody'
assert_status 32 -o credentials=/nonexistent "${touch_mark[@]}"
assert_contains "$message" '/nonexistent: No such file'
assert_status 2 -o nonsense "${touch_mark[@]}"
assert_status 2 -f "${touch_mark[@]}"
assert_status 2
assert_contains "$message" 'no command to run is given' ./run
assert_status 2 --
fault GET /v1/organizations status=401 body='{"code":"unauthorized","message":"no"}' count=0
assert_status 32 "${touch_mark[@]}"
assert_contains "$message" 'PlanetScale rejected the credential'
api_release
assert_gone "$work/mark"
run pscalefs --no-namespace "$mnt"
assert_eq 2 "$status"
# A directory of this name is still a mount point.
mkdir "$work/run"
assert_fails 'there is no organization nobody' env --chdir="$work" "${command[@]}" \
	-o org=nobody ./run

# --- what is the command's
assert_eq $'in\nout' "$(pscalefs run sh -c 'cat; echo out; echo err >&2' <<<in 2>"$work/err")"
assert_eq err "$(cat "$work/err")"
show='umask; ulimit -H -n; ulimit -S -n; ulimit -H -c; ulimit -l; pwd; ls -l /proc/self/fd | grep -c " [3-9] -> "'
show+='; grep -E "^(SigBlk|SigIgn|NoNewPrivs)" /proc/self/status; cut -d " " -f 5 /proc/self/stat'
as_is=("${command[@]:0:${#command[@]} - 1}")
alike() { (cd /usr && umask 027 && ulimit -S -n 200 && "$@" sh -c "$show"); }
assert_eq "$(alike "${as_is[@]}")" "$(alike "${command[@]}" run)"
assert_status 0 env
assert_lacks "$output" PLANETSCALE_SERVICE_TOKEN "$admin_secret"
assert_contains "$output" PLANETSCALE_API_URL= PSCALEFS= HOME=
# Only root may read it at all.
assert_eq '' "$(pscalefs run sh -c 'exec 2>/dev/null; tr "\0" "\n" <"/proc/$PPID/environ" | grep pscale_tkn_' || true)"
# Standard streams that are closed stay closed, and do not confuse it.
assert_eq 'closed' "$(pscalefs run sh -c 'ls -l /proc/self/fd/0 >/dev/null 2>&1 || echo closed' <&-)"

# --- it can be used as any mount
assert_status 0 sh -c 'cd "$PSCALEFS/acme/service-tokens" && mkdir new && echo read_branch >new/databases/shop/permissions'
assert_eq read_branch "$(scopes_of new shop)"

stop_emulator
assert_status 32 -o timeout=1 "${touch_mark[@]}"
assert_contains "$message" 'cannot connect to'
assert_gone "$work/mark"

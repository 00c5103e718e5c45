#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A normal user mounts, works, unmounts and mounts over a mount whose daemon died; nobody else gets in,
# root included; and nobody but root looks into the daemon.
#
# Run by root, this needs a /dev/fuse for everybody and a place that a user can reach. Run by a normal
# user there is nobody else to be: then it shows what one user can.
#
# shellcheck disable=SC2016 # what a person types is expanded by the person's shell
[[ $EUID -ne 0 ]] || . "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

user=() other=() place=$work program=$release_build/src/pscalefs
if [[ $EUID -eq 0 ]]; then
	own_dev
	user=(setpriv --reuid=65534 --regid=65534 --clear-groups) # nobody
	other=(setpriv --reuid=1 --regid=1 --clear-groups) # daemon
	mount -t tmpfs -o mode=0755 tmpfs /mnt
	place=/mnt/user PATH=/usr/sbin:/usr/bin:/sbin:/bin
	mkdir -m 0755 "$place"
	cp "$program" "$place/pscalefs"
	chown -R 65534:65534 "$place"
	program=$place/pscalefs
fi
mnt=$place/mnt org=$mnt/acme tokens=$mnt/acme/service-tokens
ids=$("${user[@]}" id -u):$("${user[@]}" id -g)

# as_user SCRIPT: a person's commands.
person=("${user[@]}" env --chdir=/ HOME="$place" mnt="$mnt" org="$org" tokens="$tokens" bash -c)
as_user() { "${person[@]}" "$1"; }

# mount_as_user [LIMIT]: with so many bytes of memory that may be locked.
mount_as_user() {
	wrapper=(prlimit --memlock="${1-8388608}:${1-8388608}" "${user[@]}" env HOME="$place")
	start_mount "${@:2}"
}

unmount_as_user() {
	wait_quietly "${user[@]}" fusermount3 -q -u "$mnt" || fail "cannot unmount: $(mount_users)"
	reap_daemon
	! mounted "$mnt" || fail "still mounted"
	[[ $finding -eq 0 ]] || exit 1
}

# locked_kb: how much memory the daemon has locked.
locked_kb() { awk '$1 == "VmLck:" { print $2 }' "/proc/$daemon/status"; }

# nobody_else COMMAND…: another user and root are refused.
nobody_else() {
	[[ ${#other[@]} -eq 0 ]] || {
		assert_fails 'Permission denied' "${other[@]}" "$@"
		assert_fails 'Permission denied' "$@"
	}
}

start_emulator
"${user[@]}" mkdir "$mnt"
mount_as_user

# --- what a person does
as_user '
	set -e
	[ "$(ls "$mnt")" = acme ]
	cd "$tokens"
	mkdir ci
	echo read_branch create_branch > ci/databases/shop/permissions
	[ "$(cat ci/databases/shop/permissions)" = "create_branch
read_branch" ]
	[ "$(cut -c 1-11 ci/token)" = pscale_tkn_ ]
	sed -i /create/d ci/databases/shop/permissions
	mkdir gone
	rm -r gone
'
assert_eq read_branch "$(scopes_of ci shop)"
! token_exists gone || fail "rm -r left the token"

# --- whose it is
entries=0
while read -r mode owner path; do
	case $path in
	*/permissions | */refresh | */create-token) wanted=600 ;;
	*) [[ $mode == d* ]] && wanted=700 || wanted=400 ;;
	esac
	entries=$((entries + 1))
	[[ $owner == "$ids" ]] || fail "$path belongs to $owner"
	[[ $mode == l* || ${mode#?} == "$wanted" ]] || fail "$path has mode $mode, not $wanted"
done < <(as_user 'find "$mnt" -printf "%y%m %U:%G %p\n"')
[[ $entries -gt 30 ]] || fail "only $entries entries"

# --- who is kept out
nobody_else ls "$mnt"
nobody_else stat "$mnt/acme"
nobody_else cat "$tokens/ci/token"
nobody_else mkdir "$tokens/theirs"
nobody_else rmdir "$tokens/ci"
"${person[@]}" 'cd "$tokens/ci" && exec 3<token && exec sleep 100' &
insider=$!
wait_for grep -q sleep "/proc/$insider/comm"
nobody_else ls "/proc/$insider/cwd/"
nobody_else cat "/proc/$insider/cwd/token"
nobody_else cat "/proc/$insider/root$tokens/ci/token"
nobody_else cat "/proc/$insider/fd/3"
if [[ $EUID -eq 0 ]]; then
	# Nor does it help to be there already.
	assert_fails 'Permission denied' nsenter --mount --wdns="$tokens/ci" --target="$insider" cat token
	assert_fails 'not found in' "${other[@]}" fusermount3 -u "$mnt"
fi
end_process "$insider" KILL

# --- who looks into the daemon
for file in environ maps smaps mem auxv stack cwd/ fd/0 map_files/; do
	for who in user other; do
		declare -n prefix=$who
		[[ ${#prefix[@]} -gt 0 || $EUID -ne 0 ]] || continue
		[[ $who == user || ${#prefix[@]} -gt 0 ]] || continue
		run "${prefix[@]}" head -c 1 "/proc/$daemon/$file"
		[[ $status -ne 0 && $message =~ 'Permission denied'|'not permitted' ]] ||
			fail "$who and /proc/PID/$file: \"$output\" \"$message\""
	done
done
# ptrace(PTRACE_ATTACH), and process_vm_readv(2) of whatever address: EPERM comes first.
run "${user[@]}" python3 -c '
import ctypes, errno, sys
libc, pid, room = ctypes.CDLL(None, use_errno=True), int(sys.argv[1]), ctypes.create_string_buffer(8)
class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
def refused(call, *arguments):
    return call(*arguments) == -1 and ctypes.get_errno() == errno.EPERM
here, there = Iovec(ctypes.addressof(room), 8), Iovec(0x400000, 8)
print(refused(libc.ptrace, 16, pid, None, None),
      refused(libc.process_vm_readv, pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
' "$daemon"
assert_eq 'True True ' "$output $message"
unmount_as_user

# --- locked memory, as much as there may be: the default of a user, little, none
for limit in 8388608 65536 0; do
	: >"$log"
	mount_as_user "$limit"
	as_user 'cd "$tokens" && for i in {1..20}; do mkdir s$i || exit 1; done'
	assert_eq '20 20' "$(as_user 'cat "$tokens"/s*/token | wc -l') $(as_user 'cat "$tokens"/s*/token | grep -c ^pscale_tkn_')"
	assert_eq 20 "$(sed -n 's/^secrets kept: *//p' <<<"$(as_user 'cat "$mnt/.pscalefs/status"')")"
	swappable=$(as_user 'cat "$mnt/.pscalefs/status"' | sed -n 's/^secrets that may be swapped out: *//p')
	[[ $(locked_kb) -le $((limit / 1024)) ]] || fail "$(locked_kb) kB are locked"
	case $limit in
	8388608)
		assert_eq '' "$swappable"
		[[ $(locked_kb) -ge 84 ]] || fail "only $(locked_kb) kB are locked: 21 secrets need a page each"
		;;
	65536) assert_eq "64 5" "$(locked_kb) $swappable" ;;
	0) assert_eq "0 20" "$(locked_kb) $swappable" ;;
	esac
	warnings=$(grep -c 'warning: the credential may be swapped out' "$log" || true)
	assert_eq "$((limit == 0))" "$warnings" "with $limit bytes: warnings"
	as_user 'cd "$tokens" && rm -r s*'
	unmount_as_user
done

# --- in the background; and its death is mended at the next start
wrapper=("${user[@]}" env HOME="$place")
for round in 1 2; do
	set_command
	run "${command[@]}" "$mnt"
	assert_eq "0 '' ''" "$status '$output' '$message'"
	pid=$(pgrep -f -- "^$program $mnt\$")
	assert_eq "${ids%:*}" "$(ps -o uid= -p "$pid" | tr -d ' ')"
	assert_eq acme "$(as_user 'ls "$mnt"')"
	[[ $round -eq 2 ]] || {
		kill -KILL "$pid"
		wait_for process_ended "$pid"
		assert_fails 'Transport endpoint is not connected' as_user 'ls "$mnt"'
	}
done
"${user[@]}" fusermount3 -u "$mnt"
wait_for process_ended "$pid"
! mounted "$mnt" || fail "something is still mounted"

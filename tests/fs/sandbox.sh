#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Once it serves, the daemon has no capabilities and is in a sandbox, which .pscalefs/status tells; and what
# needs files, names, privileges or other processes while mounted works all the same: a credential that was
# replaced, names that are looked up, TLS, unmounting by whoever may. -o sandbox=off leaves it out. What is
# forbidden is tried from inside by tests/unit/test_sandbox.c.
#
# shellcheck disable=SC2016 # what a person types is expanded by the person's shell
[[ $EUID -ne 0 ]] || . "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

status_line() { sed -n "s/^$1: *//p" "$mnt/.pscalefs/status"; }
of_daemon() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$daemon/status"; }
helper() { tr -d ' ' <"/proc/$daemon/task/$daemon/children"; }

# What the kernel here has: 0 where it lacks landlock.
landlock=$(python3 -c '
import ctypes
print(max(0, ctypes.CDLL(None).syscall(444, None, 0, 1)))')

# in_sandbox: as the kernel says, and as it says itself.
in_sandbox() {
	local words
	words=$(status_line sandbox)
	assert_eq none "$(status_line capabilities)" capabilities
	assert_eq "0000000000000000 0000000000000000 1" "$(of_daemon CapPrm) $(of_daemon CapEff) $(of_daemon NoNewPrivs)"
	[[ $EUID -ne 0 ]] || assert_eq "0000000000000000 65534" \
		"$(of_daemon CapBnd) $(awk '$1 == "Uid:" { print $5 }' "/proc/$daemon/status")" 'bounding set, files'
	assert_contains "$words" no-new-privs
	[[ $landlock -lt 1 || ${PSCALEFS_VALGRIND-} ]] || assert_contains "$words" landlock-files
	[[ $landlock -lt 4 || ${PSCALEFS_VALGRIND-} ]] || assert_contains "$words" landlock-tcp
	if [[ $(of_daemon Seccomp) -eq 2 ]]; then
		assert_contains "$words" seccomp
	else
		assert_lacks "$words" seccomp
	fi
	[[ $(helper) ]] || fail "no helper"
}

# --- by name, over TLS, with files that only the owner may read
start_emulator --tls --tls-dir="$work/tls" --tls-cert=good --seed-data=orgs=1,databases=1,tokens=0
api_url=${api_url/127.0.0.1/localhost}
name=$(api_state | jq -r '.organizations[0].name')
mkdir -m 0700 "$work/private"
file=$work/private/credentials
install -m 0600 "$(sed -n 's/^ca //p' "$emulator_log")" "$work/private/ca"
# write_credential SECRET: as editors and `mv` do, by another file.
write_credential() {
	(umask 077 && printf 'PLANETSCALE_SERVICE_TOKEN_ID=%s\nPLANETSCALE_SERVICE_TOKEN=%s\n' \
		"$admin_id" "$1" >"$file.next")
	mv "$file.next" "$file"
}
write_credential "$admin_secret"
credential=()
start_mount --cacert "$work/private/ca" -o "credentials=$file"
in_sandbox
mkdir "$mnt/$name/service-tokens/ci"
assert_eq ci "$(ls "$mnt/$name/service-tokens")"
first=$(helper)

# All anew: the connection, with the name of its host, and the credential.
allow_error .
again() { [[ $(grep -c "$1" "$log") -ge 1 ]]; }
write_credential pscale_tkn_anotheranotheranotheranotheranotheranot1
kill -HUP "$daemon"
wait_for again 'credential read again'
assert_fails 'Key was rejected by service' ls "$mnt/$name/service-tokens"
write_credential "$admin_secret"
kill -HUP "$daemon"
wait_for ls "$mnt/$name/service-tokens"
for ((i = 0; i < 3; i++)); do
	refresh
	assert_eq ci "$(ls "$mnt/$name/service-tokens")"
done
# The program of another process is seen, though this one may not look: it reads above and removes below.
assert_fails 'Operation not permitted' rm -r "$mnt/$name"
assert_eq ci "$(ls "$mnt/$name/service-tokens")"
rm -r "$mnt/$name/service-tokens/ci"
assert_eq "$first" "$(helper)"
stop_mount
process_ended "$first" || fail "the helper stays"
stop_emulator

# --- unmounted by a signal, also with somebody inside; and by umount(8)
credential=("PLANETSCALE_SERVICE_TOKEN_ID=$admin_id" "PLANETSCALE_SERVICE_TOKEN=$admin_secret")
start_emulator
for inside in '' "$org"; do
	start_mount
	in_sandbox
	[[ ! $inside ]] || exec 3<"$inside"
	kill -TERM "$daemon"
	reap_daemon
	! mounted "$mnt" || fail "still mounted"
	exec 3<&-
done
if [[ $EUID -eq 0 ]]; then
	start_mount
	umount "$mnt"
	reap_daemon
fi

# Something else that is mounted there by then stays.
if [[ $EUID -eq 0 ]]; then
	start_mount
	kill -STOP "$daemon"
	umount --lazy "$mnt"
	mount -t tmpfs tmpfs "$mnt"
	kill -TERM "$daemon"
	kill -CONT "$daemon"
	reap_daemon
	mounted "$mnt" || fail "unmounted what was another's"
	umount "$mnt"
fi

# --- the terminal's ^C goes to the helper, too, and so may a service manager's TERM
start_mount
for signal in INT TERM HUP; do
	kill -"$signal" "$(helper)"
done
assert_eq acme "$(ls "$mnt")"
kill -TERM "$daemon"
reap_daemon
! mounted "$mnt" || fail "still mounted"

# --- without the helper nothing is changed on behalf of processes that cannot be seen; what is read is
start_mount
ls "$tokens" >/dev/null
kill -KILL "$(helper)"
assert_eq acme "$(ls "$mnt")"
kill -TERM "$daemon"
reap_daemon
assert_contains "$(cat "$log")" 'the helper process is lost' "cannot unmount $mnt"
assert_fails 'not connected' ls "$mnt"
start_mount # and clears it away
in_sandbox
stop_mount

# --- as a normal user, who unmounts by fusermount3
if [[ $EUID -eq 0 ]]; then
	own_dev
	mount -t tmpfs -o mode=0755 tmpfs /mnt
	mkdir -m 0755 /mnt/user /mnt/user/mnt
	cp "$release_build/src/pscalefs" /mnt/user/pscalefs
	chown -R 65534:65534 /mnt/user
	program=/mnt/user/pscalefs mnt=/mnt/user/mnt
	usual=("${wrapper[@]}") wrapper=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/mnt/user)
	start_mount
	assert_eq "0000000000000000 1" "$(of_daemon CapPrm) $(of_daemon NoNewPrivs)"
	[[ $landlock -lt 1 || ${PSCALEFS_VALGRIND-} ]] || assert_contains \
		"$(setpriv --reuid=65534 --regid=65534 --clear-groups cat "$mnt/.pscalefs/status")" landlock-files
	kill -TERM "$daemon"
	reap_daemon
	! mounted "$mnt" || fail "still mounted"
	wrapper=("${usual[@]}") program=$build/src/pscalefs mnt=$work/mnt
fi

# --- off
start_mount -o sandbox=off
assert_eq off "$(status_line sandbox)"
[[ ! $(helper) ]] || fail "a helper for nothing"
assert_eq 0 "$(of_daemon NoNewPrivs)"
assert_eq 0 "$(of_daemon Seccomp)"
kill -TERM "$daemon"
reap_daemon
! mounted "$mnt" || fail "still mounted"

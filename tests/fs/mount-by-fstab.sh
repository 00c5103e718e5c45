#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# mount(8) mounts by either type, pscalefs and fuse.pscalefs, with the options on its command line or in a
# line of fstab(5); a user mounts and unmounts what fstab allows; and the words of fstab that are for others
# do no harm. mount.pscalefs knows both spellings of options.
#
# Only root can put the helper where mount(8) looks for it: in a namespace of its own.
[[ $EUID -eq 0 ]] || exit 0
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

own_dev
install_here
mkdir -m 0700 /mnt/nobody /mnt/nobody/mnt
mnt=/mnt/nobody/mnt org=$mnt/acme program=/usr/local/bin/pscalefs credentials=/mnt/nobody/credentials

start_emulator
(umask 077 && printf '%s\n' "${credential[@]}" >"$credentials")
chown -R nobody: /mnt/nobody
touch "$work/fstab"

as_root=(env --ignore-environment "PATH=$PATH" HOME=/root)
# Without the directories of root's programs.
as_nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups
	env --ignore-environment --chdir=/ PATH=/usr/bin:/bin:/usr/local/bin HOME=/mnt/nobody)

# fstab WORDS TYPE: its only line.
fstab() { echo "pscalefs $mnt $2 $1,api-url=$api_url,credentials=$credentials 0 0" >"$work/fstab"; }

# assert_mounted_until COMMAND…: nobody sees the organization; the command unmounts, and the process ends.
assert_mounted_until() {
	mounted "$mnt" || fail "not mounted"
	assert_eq acme "$("${as_nobody[@]}" ls "$mnt")"
	serving=$(pgrep -u nobody -f -- "^pscalefs .*$mnt ")
	"$@"
	wait_for process_ended "$serving"
	! mounted "$mnt" || fail "still mounted after $*"
}

# --- by root, for a user ---

words=setuid=nobody,user,noauto,_netdev,nofail,x-systemd.automount,x-systemd.idle-timeout=60
for type in pscalefs fuse.pscalefs; do
	fstab "$words,org=acme,cache=5" "$type"
	"${as_root[@]}" mount -T "$work/fstab" "$mnt"
	grep -q -w 'org=acme' <("${as_nobody[@]}" tr '\0' '\n' <"/proc/$(pgrep -u nobody -f -- "^pscalefs .*$mnt ")/cmdline")
	assert_mounted_until "${as_root[@]}" umount "$mnt"

	"${as_root[@]}" mount -t "$type" -o "setuid=nobody,api-url=$api_url,credentials=$credentials,ro" none "$mnt"
	assert_fails 'Read-only file system' "${as_nobody[@]}" mkdir "$org/service-tokens/ci"
	assert_mounted_until "${as_root[@]}" umount "$mnt"

	fstab "$words,org=elsewhere" "$type"
	assert_fails 'no organization elsewhere' "${as_root[@]}" mount -T "$work/fstab" "$mnt"
	assert_eq 32 "$status"
	fstab "$words,cach=5" "$type"
	assert_fails 'did you mean -o cache' "${as_root[@]}" mount -T "$work/fstab" "$mnt"
	! mounted "$mnt" || fail "mounted with a wrong option"
done

# --- by the user, as fstab allows ---

mount --bind "$work/fstab" /etc/fstab
for type in pscalefs fuse.pscalefs; do
	for word in user users; do
		fstab "$word,noauto,_netdev,x-systemd.automount" "$type"
		"${as_nobody[@]}" mount "$mnt"
		assert_mounted_until "${as_nobody[@]}" umount "$mnt"
	done
done
umount /etc/fstab

# --- the helper itself ---

helper=("${as_nobody[@]}" /sbin/mount.pscalefs)
"${helper[@]}" none "$mnt" --api-url="$api_url" --credentials="$credentials" --ro
assert_fails 'Read-only file system' "${as_nobody[@]}" mkdir "$org/service-tokens/ci"
assert_mounted_until "${as_nobody[@]}" fusermount3 -u "$mnt"
"${helper[@]}" none "$mnt" -sv -r -t pscalefs -o "api-url=$api_url" -ocache=1 --credentials="$credentials"
assert_fails 'Read-only file system' "${as_nobody[@]}" mkdir "$org/service-tokens/ci"
assert_mounted_until "${as_nobody[@]}" fusermount3 -u "$mnt"

"${helper[@]}" none "$mnt" -f -o "api-url=$api_url,credentials=$credentials"
! mounted "$mnt" || fail "-f has mounted"
for wrong in '' none "none $mnt more" "none $mnt -o" "none $mnt -x" "none $mnt -N /proc/1/ns/mnt"; do
	# shellcheck disable=SC2086 # words
	assert_fails 'usage: mount.pscalefs' "${helper[@]}" $wrong
	assert_eq 1 "$status"
done
! mounted "$mnt" || fail "mounted by a wrong command line"

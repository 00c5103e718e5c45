# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # what another shell expands, and what lib.sh sets
#
# The machine's own systemd, booted over the machine's own programs, where it can do no harm: in namespaces of
# its own, in which the file system is read-only, and what is to be written is in memory. To be sourced after
# private.bash, lib.sh and own_dev.
#
#   boot                    its /etc is a copy, in /mnt/etc; /home, in /mnt/home, has a user called ann
#   inside COMMAND…         run there, by root
#   inside_as_ann COMMAND…  the same, by ann, with her session's directory
#
# It ends by being killed, as a whole: a shutdown unmounts and remounts whatever it can reach.

init='' # its pid out here

boot() {
	mkdir -p /mnt/etc /mnt/home/ann
	cp -a /etc/. /mnt/etc
	echo 'ann:x:4242:4242::/home/ann:/bin/sh' >>/mnt/etc/passwd
	echo 'ann:x:4242:' >>/mnt/etc/group
	echo 'ann:*:19000:0:99999:7:::' >>/mnt/etc/shadow
	chown 4242:4242 /mnt/home/ann
	: >/mnt/etc/fstab
	# No more than logins, and what that needs.
	cat >/mnt/etc/systemd/system/test.target <<-'UNIT'
		[Unit]
		Requires=basic.target dbus.service systemd-logind.service
		After=basic.target dbus.service systemd-logind.service
	UNIT

	# For automount units. Where the kernel has none, or it is not allowed, has_autofs is false.
	autofs=$(awk '$2 == "autofs" { print $1 }' /proc/misc)
	[[ ! $autofs ]] || mknod /dev/autofs c 10 "$autofs" || true

	# A group of processes of its own, below which it makes others: the root of its cgroup namespace.
	mkdir "$work/cgroup"
	mount -t cgroup2 cgroup2 "$work/cgroup"
	group=$work/cgroup/pscalefs-test-$$
	mkdir "$group"
	trap 'leave_group && true; finish' EXIT
	setpriv --pdeathsig=KILL bash -c 'echo $$ >"$1" && exec unshare --mount --propagation private --pid --cgroup \
		--ipc --uts --fork --kill-child -- "$BASH" -euc "$2"' bash "$group/cgroup.procs" '
		mount -o remount,bind,ro /
		mount -t proc proc /proc
		mount --bind /proc/sys /proc/sys
		mount -o remount,bind,ro /proc/sys
		mount --bind /sys /sys # without what is mounted below
		mount -o remount,bind,ro /sys
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		# Above all /tmp: at boot, what is in it is removed.
		for directory in /run /tmp /var /root; do
			mount -t tmpfs -o mode=0755 tmpfs "$directory"
		done
		ln -s /run /var/run
		mount --bind /mnt/etc /etc
		mount --bind /mnt/home /home
		exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
			--unit=test.target --show-status=no --log-target=journal' >"$work/init.out" 2>&1 &
	wait_for find_init $!
	wait_for inside systemctl is-active test.target
}

has_autofs() { { : </dev/autofs; } 2>/dev/null; }

find_init() {
	init=$(pgrep -P "$1") && [[ $(<"/proc/$init/comm") == systemd ]]
}

leave_group() {
	local outcome=$?
	if [[ $outcome -ne 0 ]]; then
		tail -n 20 "$work/init.out"
		[[ ! $init ]] || timeout 10 nsenter --target "$init" --mount journalctl --no-pager --lines=60 || true
	fi >&"$complaints" 2>&1
	[[ ! $init ]] || process_ended "$init" || kill -KILL "$init"
	wait_quietly remove_group || echo "$group cannot be removed"
	umount "$work/cgroup"
	return "$outcome"
}
remove_group() { [[ ! -e $group ]] || find "$group" -depth -type d -exec rmdir {} +; }

inside() { nsenter --target "$init" --mount --pid --cgroup --ipc --uts --wd=/ -- "$@"; }

inside_as_ann() {
	inside setpriv --reuid=4242 --regid=4242 --clear-groups \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/ann XDG_RUNTIME_DIR=/run/user/4242 LC_ALL=C "$@"
}

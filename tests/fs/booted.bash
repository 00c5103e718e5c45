# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154 # what another shell expands, and what lib.sh sets
#
# A systemd that boots where it can do no harm: in namespaces of its own. To be sourced after private.bash and
# lib.sh.
#
#   boot                        the machine's own, over the machine's own programs: the file system is read-only, and
#                               what is to be written is in memory. After own_dev. Its /etc is a copy, in /mnt/etc;
#                               /home, in /mnt/home, has a user called ann
#   start_init UNIT COMMAND…    another: COMMAND makes the root directory, and becomes the command that is appended
#                               to it. It has booted when UNIT is active
#   inside COMMAND…             run there, by root
#   inside_as_ann COMMAND…      the same, by ann, with her session's directory
#   stop_init                   before the test's end
#
# It ends by being killed, as a whole: a shutdown unmounts and remounts whatever it can reach.

init='' init_parent='' # their pids out here

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

	start_init test.target bash -euc '
		mount -o remount,bind,ro /
		# Above all /tmp: at boot, what is in it is removed.
		for directory in /run /tmp /var /root; do
			mount -t tmpfs -o mode=0755 tmpfs "$directory"
		done
		ln -s /run /var/run
		mount --bind /mnt/etc /etc
		mount --bind /mnt/home /home
		exec "$@"' bash
}

has_autofs() { { : </dev/autofs; } 2>/dev/null; }

start_init() {
	local unit=$1
	shift
	# A group of processes of its own, below which it makes others: the root of its cgroup namespace.
	mkdir "$work/cgroup"
	mount -t cgroup2 cgroup2 "$work/cgroup"
	group=$work/cgroup/pscalefs-test-$$
	mkdir "$group"
	trap 'leave_group && true; finish' EXIT
	setpriv --pdeathsig=KILL bash -c 'echo $$ >"$1" && shift && exec "$@"' bash "$group/cgroup.procs" \
		unshare --mount --propagation private --pid --cgroup --ipc --uts --fork --kill-child -- "$@" bash -euc '
			mount -t proc proc /proc
			mount --bind /proc/sys /proc/sys
			mount -o remount,bind,ro /proc/sys
			mount --bind /sys /sys # without what is mounted below
			mount -o remount,bind,ro /sys
			mount -t cgroup2 cgroup2 /sys/fs/cgroup
			exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system \
				--unit="$1" --show-status=no --log-target=journal' bash "$unit" >"$work/init.out" 2>&1 &
	init_parent=$!
	wait_for find_init
	wait_for inside systemctl is-active "$unit"
}

find_init() {
	init=$(pgrep -P "$init_parent") && [[ $(<"/proc/$init/comm") == systemd ]]
}

leave_group() {
	local outcome=$?
	if [[ $outcome -ne 0 ]]; then
		tail -n 20 "$work/init.out"
		[[ ! $init ]] || timeout 10 nsenter --target "$init" --mount journalctl --no-pager --lines=60 || true
	fi >&"$complaints" 2>&1
	stop_init
	return "$outcome"
}

stop_init() {
	[[ ! $init ]] || process_ended "$init" || kill -KILL "$init"
	init=''
	end_process "$init_parent" KILL
	wait_quietly remove_group || echo "$group cannot be removed"
	umount "$work/cgroup"
	rmdir "$work/cgroup"
	trap finish EXIT
}
remove_group() { [[ ! -e $group ]] || find "$group" -depth -type d -exec rmdir {} +; }

inside() { nsenter --target "$init" --mount --pid --cgroup --ipc --uts --wdns=/ -- "$@"; }

inside_as_ann() {
	inside setpriv --reuid=4242 --regid=4242 --clear-groups \
		env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/ann XDG_RUNTIME_DIR=/run/user/4242 LC_ALL=C "$@"
}

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the tests read, and what lib.sh sets
#
# Runs a test in a mount namespace of its own, where it may have another /dev: to be sourced before
# lib.sh. A normal user gets one where the system lets users make namespaces, and is root in it;
# where it does not, the test shows nothing and passes. Root always gets one, or the test fails.
if [[ ! ${PSCALEFS_PRIVATE-} ]]; then
	namespace=(unshare --mount)
	if [[ $EUID -ne 0 ]]; then
		namespace+=(--user --map-root-user)
		"${namespace[@]}" true 2>/dev/null || exit 0
	fi
	PSCALEFS_PRIVATE=1 exec "${namespace[@]}" "$BASH" "$0" "$@"
fi

. "$(dirname "${BASH_SOURCE[0]}")/leave_others.bash"
leave_others

# own_dev: a /dev with the usual devices, /dev/fuse for everybody, and no /dev/log. It is gone with the
# namespace.
own_dev() {
	local name old=$work/dev
	mkdir "$old"
	mount --rbind /dev "$old"
	mount -t tmpfs -o mode=0755 tmpfs /dev
	for name in null zero full random urandom tty; do
		: >"/dev/$name"
		mount --bind "$old/$name" "/dev/$name"
	done
	mknod -m 0666 /dev/fuse c 10 229 2>/dev/null || {
		: >/dev/fuse
		mount --bind "$old/fuse" /dev/fuse
	}
	umount --lazy "$old"
	ln -s /proc/self/fd /dev/fd
	ln -s /proc/self/fd/0 /dev/stdin
	ln -s /proc/self/fd/1 /dev/stdout
	ln -s /proc/self/fd/2 /dev/stderr
	mkdir -m 1777 /dev/shm
}

# install_here: pscalefs in /usr/local/bin, for others than root too, and mount.pscalefs in /sbin, where alone
# mount(8) looks for its helpers, passing no PATH on. All of it is in /mnt, in memory.
install_here() {
	local sbin
	sbin=$(realpath /sbin)
	mount -t tmpfs -o mode=0755 tmpfs /mnt
	mkdir /mnt/bin /mnt/sbin
	cp "$release_build/src/pscalefs" /mnt/bin
	mount --bind /mnt/bin /usr/local/bin
	cp -a "$sbin/." /mnt/sbin
	cp "$root/contrib/mount.pscalefs" /mnt/sbin
	mount --bind /mnt/sbin "$sbin"
}

# The system log, as syslogd listens. start_log [hold]: it appends to $work/syslog, or never reads.
start_log() {
	rm -f /dev/log
	[[ -p $work/never ]] || mkfifo "$work/never"
	python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.umask(0)
s.bind("/dev/log")
if sys.argv[2:] == ["hold"]:
    open(sys.argv[1] + "/never")
with open(sys.argv[1] + "/syslog", "ab", buffering=0) as f:
    while True:
        f.write(s.recv(65536) + b"\n")
' "$work" "$@" &
	syslog=$!
	wait_for test -S /dev/log
}

end_log() { end_process "$syslog" KILL; }

# logged PATTERN: there is a line like this (grep -E).
logged() { grep -a -q -E -e "$1" "$work/syslog"; }

# start_in_background [OPTION…]: as a person does, without -f; the daemon's pid is in $background.
start_in_background() {
	mounted "$mnt" || mkdir -p "$mnt"
	set_command
	"${command[@]}" "$@" "$mnt"
	background=$(pgrep -f -- "$program .*$mnt\$")
}

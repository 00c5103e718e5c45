#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# enter.sh ROOT USER COMMAND…: runs a command in a Debian below ROOT as in a machine of its own: in mount and pid
# namespaces that have nothing else mounted and no other processes, and that are gone with all that is in them
# when the command ends, or this script. The network is the machine's.
#
# Where booted.bash has made the namespaces (PSCALEFS_ENTERED=1) and USER is "init", the command takes the place of
# this script, as the first process.
set -euo pipefail

if [[ ! ${PSCALEFS_ENTERED-} ]]; then
	PSCALEFS_ENTERED=1 exec unshare --mount --pid --uts --fork --kill-child -- "$BASH" "$0" "$@"
fi
root=$1 user=$2
shift 2
# Else the first process of a namespace ignores them.
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

hostname "${PSCALEFS_IN_HOST-fresh}"
mount --bind "$root" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount --rbind --make-rslave /sys sys
mount -t tmpfs -o nosuid,mode=0755 dev dev
for device in null,3 zero,5 full,7 random,8 urandom,9; do
	mknod -m 0666 "dev/${device%,*}" c 1 "${device#*,}"
done
mknod -m 0666 dev/tty c 5 0
mknod -m 0666 dev/fuse c 10 229
mkdir -m 1777 dev/shm
mkdir dev/pts
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for stream in 0,stdin 1,stdout 2,stderr; do ln -s "/proc/self/fd/${stream%,*}" "dev/${stream#*,}"; done
mount -t tmpfs -o nosuid,nodev,mode=0755 run run
mkdir -m 1777 run/lock

# Not chroot(2), in which there are no user namespaces. The old root is put over the new one, and goes.
pivot_root . .
umount --lazy .
cd /
[[ $user != init ]] || exec "$@"

kept=()
for name in ${!PSCALEFS_IN_@} http_proxy https_proxy no_proxy; do
	[[ ! ${!name-} ]] || kept+=("$name=${!name}")
done
home=$(getent passwd "$user" | cut -d : -f 6)
# In the background, for a trap waits for what is not; and without the terminal, for which sudo would ask.
setsid --wait setpriv --reuid "$user" --regid "$user" --init-groups env --ignore-environment --chdir="$home" \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" USER="$user" LOGNAME="$user" \
	TERM=dumb DEBIAN_FRONTEND=noninteractive "${kept[@]}" "$@" &
wait "$!"

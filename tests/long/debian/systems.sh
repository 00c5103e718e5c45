#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# For debian-package.sh: systems.sh SUITE DIRECTORY makes three fresh systems of this Debian there: "building",
# which has the source in ~dev/pscalefs, "using", which has next to nothing, as a container, and "booting", which can
# boot, and lets users log in. They are as the first boot leaves them: there is a user, who may use sudo, and an
# /etc/mtab.
set -euo pipefail
suite=$1 systems=$2
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../.." && pwd)
system=$systems/building

if [[ ${PSCALEFS_DEBIAN_ROOTS-} ]]; then
	cp -a "$PSCALEFS_DEBIAN_ROOTS/$suite" "$system"
else
	# It mounts, so it has a namespace.
	unshare --mount --pid --fork --kill-child --mount-proc \
		debootstrap --variant=minbase --include=sudo "$suite" "$system"
fi
# Nobody needs them after a power failure.
echo force-unsafe-io >"$system/etc/dpkg/dpkg.cfg.d/unsafe-io"
rm -f "$system"/var/cache/apt/archives/*.deb
chroot "$system" useradd --create-home --shell /bin/bash dev
echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$system/etc/sudoers.d/dev"
echo '127.0.0.1 localhost fresh elsewhere' >"$system/etc/hosts"
cp --dereference /etc/resolv.conf "$system/etc/resolv.conf"
ln -s ../proc/self/mounts "$system/etc/mtab"
"$here/enter.sh" "$system" root apt-get update
cp -a "$system" "$systems/using"
cp -a "$system" "$systems/booting"

if [[ -e $source/.git ]]; then
	git clone --quiet --no-local "$source" "$system/home/dev/pscalefs"
else
	mkdir "$system/home/dev/pscalefs"
	tar -c -C "$source" --exclude='./build*' . | tar -x -C "$system/home/dev/pscalefs"
fi
chroot "$system" chown -R dev: /home/dev/pscalefs
cp "$here/package.sh" "$system/srv"

# What it recommends, too: all that a server has, and a desktop builds on.
"$here/enter.sh" "$systems/booting" root apt-get install --yes libpam-systemd
rm -f "$systems"/booting/var/cache/apt/archives/*.deb
# What files there are is compared, and timers write some at midnight.
chroot "$systems/booting" systemctl mask timers.target
echo fresh >"$systems/booting/etc/hostname"

cp "$here/use.sh" "$systems/using/srv"
cp "$here/use.sh" "$systems/booting/srv"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# For debian-package.sh, in a fresh system where ~dev/pscalefs is the source: package.sh prepare|build|check|again
set -euo pipefail

packages=/home/dev/out

# What a person would type.
prepare() {
	cd ~/pscalefs
	contrib/packages --install build package pkgtest
}

build() {
	cd ~/pscalefs
	contrib/debian/build "$packages" >~/log 2>&1 || {
		cat ~/log
		exit 1
	}
}

check() {
	local file wanted
	cd "$packages"
	dpkg-deb --contents pscalefs_*.deb >~/contents
	wanted=(usr/bin/pscalefs usr/sbin/mount.pscalefs usr/lib/systemd/user/pscalefs.service
		usr/share/man/man1/pscalefs.1.gz usr/share/man/man5/pscalefs.5.gz usr/share/man/man8/mount.pscalefs.8.gz
		usr/share/bash-completion/completions/pscalefs usr/share/zsh/vendor-completions/_pscalefs
		usr/share/fish/vendor_completions.d/pscalefs.fish usr/share/fish/vendor_conf.d/pscalefs.fish usr/share/doc/pscalefs/README.md.gz)
	for file in ~/pscalefs/contrib/recipes/*; do
		wanted+=("usr/share/pscalefs/recipes/${file##*/}")
	done
	for file in "${wanted[@]}"; do
		grep -q " \./$file\$" ~/contents || { echo "not in the package: $file" && exit 1; }
	done
	# No script runs as root, and no unit is enabled.
	[[ $(dpkg-deb --ctrl-tarfile pscalefs_*.deb | tar -t | sort | xargs) == './ ./control ./md5sums' ]]
	dpkg-deb --field pscalefs_*.deb Recommends | grep -w libsecret-1-0
	lintian --fail-on error,warning --info ./*.changes
	# It wants -fPIE in the command that links, which meson leaves to -pie.
	blhc --bindnow --ignore-line '.* cc  -o src/pscalefs .*' ~/log
	dpkg-deb --extract pscalefs_*.deb ~/extracted
	~/pscalefs/tests/hardened.sh ~/extracted/usr/bin/pscalefs
}

# By another user, of an unpacked archive that has no commits, elsewhere, later, in another language. Only the
# packages are compared: a .buildinfo says when and where it was built.
again() {
	local elsewhere=/opt/else/where file
	localedef -i tr_TR -f UTF-8 tr_TR.UTF-8
	mkdir -p "$elsewhere/pscalefs" "$elsewhere/home" "$elsewhere/tmp"
	if [[ -e /home/dev/pscalefs/.git ]]; then
		sudo -u dev git -C /home/dev/pscalefs archive HEAD | tar -x -C "$elsewhere/pscalefs"
	else
		cp -a /home/dev/pscalefs "$elsewhere"
	fi
	umask 077
	cd "$elsewhere/pscalefs"
	HOME=$elsewhere/home TMPDIR=$elsewhere/tmp TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8 LANGUAGE=tr \
		DEB_BUILD_OPTIONS=parallel=1 taskset --cpu-list 0 \
		contrib/debian/build "$elsewhere/out"
	for file in "$packages"/*.deb; do
		cmp "$file" "$elsewhere/out/${file##*/}"
	done
	[[ $(ls "$packages"/*.deb | wc -l) -eq $(ls "$elsewhere"/out/*.deb | wc -l) ]]
}

"$1"

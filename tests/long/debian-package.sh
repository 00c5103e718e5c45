#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The package for Debian, in fresh systems of Debian 12 and 13 that debootstrap makes: contrib/debian/build makes a
# package of the last commit that lintian accepts, and the same one again elsewhere; where nothing is installed but
# it, and where a systemd has booted, too, a normal user mounts and works with it; purged, it leaves nothing behind.
#
#   bash tests/long/debian-package.sh [bookworm|trixie]…
#
# At a terminal it says what it is doing. It needs root (or sudo), /dev/fuse, Debian's archive and some 3 GB.
#
#   PSCALEFS_DEBIAN_ROOTS=DIRECTORY   take copies of the systems DIRECTORY/bookworm and DIRECTORY/trixie, which
#                                     debootstrap has made before, as --variant=minbase --include=sudo
if [[ $EUID -ne 0 ]]; then
	exec sudo --non-interactive --preserve-env=PSCALEFS_BUILD,PSCALEFS_DEBIAN_ROOTS,PSCALEFS_KEEP,TMPDIR \
		"$BASH" "$0" "$@"
fi
. "$(dirname "$0")/../fs/private.bash"
if [[ ! ${PSCALEFS_WATCHED-} ]]; then
	# More time than lib.sh gives a test, and to remove the systems if that is not enough.
	PSCALEFS_WATCHED=1 exec timeout --kill-after=120 2880 "$BASH" "$0" "$@"
fi
. "$(dirname "$0")/../fs/lib.sh"
. "$(dirname "$0")/../fs/booted.bash"

suites=("$@")
[[ $# -gt 0 ]] || suites=(bookworm trixie)
here=$root/tests/long/debian

# step WHAT COMMAND…: its output is shown if it fails.
step() {
	local what="$suite: $1" status=0
	shift
	[[ ! -t 1 ]] || printf '%s: ' "$what"
	"$@" >"$work/step" 2>&1 || status=$?
	if [[ $status -ne 0 ]]; then
		[[ ! -t 1 ]] || echo FAILED
		tail -n 60 "$work/step"
		fail "$what: failed with status $status"
	fi
	[[ ! -t 1 ]] || echo ok
}

# in_system SYSTEM USER COMMAND…
in_system() { "$here/enter.sh" "$work/$1" "${@:2}"; }

# as_user COMMAND…: it is told what to mount.
as_user() {
	PSCALEFS_IN_URL=$api_url PSCALEFS_IN_CREDENTIAL=$(printf '%s\n' "${credential[@]}") "$@"
}

# in_booted USER COMMAND…: as a service of the systemd there. With nsdelegate it could not move a process from
# outside its cgroup namespace into a session.
in_booted() {
	inside systemd-run --quiet --wait --pipe --uid="$1" \
		--setenv=PSCALEFS_IN_URL --setenv=PSCALEFS_IN_CREDENTIAL "${@:2}"
}

for suite in "${suites[@]}"; do
	step "three fresh systems" "$here/systems.sh" "$suite" "$work"
	step "what building needs" in_system building dev bash /srv/package.sh prepare
	step "build" in_system building dev bash /srv/package.sh build
	step "contents, lintian, hardening" in_system building dev bash /srv/package.sh check
	PSCALEFS_IN_HOST=elsewhere step "build the same elsewhere" in_system building root bash /srv/package.sh again
	cp "$work"/building/home/dev/out/pscalefs_*.deb "$work/using/srv"
	cp "$work"/building/home/dev/out/pscalefs_*.deb "$work/booting/srv"
	start_emulator
	step "install, mount, use, purge" as_user in_system using dev bash /srv/use.sh
	step "boot" start_init multi-user.target env PSCALEFS_ENTERED=1 "$here/enter.sh" "$work/booting" init
	step "the same there, and with the user unit" as_user in_booted dev bash /srv/use.sh by_unit
	stop_init
	# `pscalefs check` asks once without a credential, which PlanetScale does not document.
	assert_eq 2 "$(api_log | jq '[.[] | select(.violation)] | length')" "$suite: requests that are not documented"
	api_clear
	stop_emulator
	rm -rf --one-file-system "$work/building" "$work/using" "$work/booting"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# contrib/rpm/pscalefs.spec and contrib/arch/PKGBUILD make packages of what `meson dist` makes, with all that
# `meson install` installs in them, and of this version. Debian has the tools for that (rpmbuild, makepkg), but not
# the distributions' packages and macros: what the packages depend on is not looked at.
set -euo pipefail
export LC_ALL=C
umask 022
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs-packages.XXXXXX")
trap 'rm -rf "$work"' EXIT

fail() {
	echo "$*"
	exit 1
}

# quietly COMMAND…
quietly() {
	"$@" >"$work/log" 2>&1 || {
		echo "failed with status $?: $*"
		tail -n 60 "$work/log"
		exit 1
	}
}

# --- the archive, and what is installed of it ---

version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" "$root/meson.build")
archive=$work/pscalefs-$version.tar.xz
mkdir "$work/source"
if [[ -e $root/.git ]]; then
	git -C "$root" archive --prefix="pscalefs-$version/" HEAD | tar -x -C "$work/source"
else
	mkdir "$work/source/pscalefs-$version"
	tar -c -C "$root" --exclude='./build*' . | tar -x -C "$work/source/pscalefs-$version"
fi
tar -c -J -f "$archive" -C "$work/source" "pscalefs-$version"
source=$work/source/pscalefs-$version

quietly meson setup --prefix=/usr --buildtype=plain -Dunit_tests=disabled -Demulator=disabled "$work/build" "$source"
quietly env DESTDIR="$work/installed" meson install -C "$work/build"
(cd "$work/installed" && find . ! -type d -printf '/%P\n') | sort >"$work/installed.list"

# compare LIST WORDS…: of a package, without its documents; manual pages may be compressed.
compare() {
	sed -E -e '/^.usr.share.(doc|licenses)./d' -e 's/(man.*)\.(gz|bz2|zst)$/\1/' "$1" | sort |
		diff "${2:-$work/installed.list}" - || fail "this is in one of both only: installed, and in $1"
}

# --- RPM ---

spec=$source/contrib/rpm/pscalefs.spec
filters=$root/tests/long/rpmlint.toml
# What Fedora's meson and systemd-rpm-macros define.
macros=(
	"_topdir $work/rpm" "debug_package %{nil}" "_build_id_links none"
	"_userunitdir %{_prefix}/lib/systemd/user"
	"systemd_user_post() systemctl --no-reload preset --global %{?*} || :"
	"systemd_user_preun() systemctl --no-reload --global disable %{?*} || :"
	"meson %set_build_flags; meson setup --buildtype=plain --prefix=%{_prefix} --sbindir=%{_sbindir} --mandir=%{_mandir} --libdir=%{_libdir} build"
	"set_build_flags export CFLAGS='%{optflags}'"
	"meson_build meson compile -C build"
	"meson_install DESTDIR=%{buildroot} meson install -C build --no-rebuild"
)
defines=()
for macro in "${macros[@]}"; do defines+=(--define "$macro"); done

quietly rpmspec "${defines[@]}" -P "$spec"
[[ $(rpmspec "${defines[@]}" -q --qf '%{version}' "$spec" 2>/dev/null) == "$version" ]] ||
	fail "the version in $spec is not $version"
quietly rpmlint --strict --config "$filters" "$spec"
# From the archive, as its head says.
quietly rpmbuild "${defines[@]}" --nodeps -ta "$archive"
rpm=("$work"/rpm/RPMS/*/pscalefs-"$version"-*.rpm)
quietly rpmlint --strict --config "$filters" "${rpm[@]}"
rpm -q --list -p "${rpm[@]}" 2>/dev/null | grep -v -x -E '/usr/share/pscalefs(/recipes)?' >"$work/rpm.list"
compare "$work/rpm.list"
rpm -q --recommends -p "${rpm[@]}" 2>/dev/null | grep '^libsecret' >/dev/null || fail "libsecret is not recommended"

# --- Arch Linux ---

mkdir "$work/arch"
cp "$archive" "$source/contrib/arch/PKGBUILD" "$work/arch"
as_user=()
if [[ $EUID -eq 0 ]]; then # as whom makepkg does not run
	chmod 0755 "$work"
	chown -R nobody: "$work/arch"
	as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
makepkg=("${as_user[@]}" env --chdir="$work/arch" HOME="$work/arch" makepkg)
"${makepkg[@]}" --printsrcinfo | grep -x "	pkgver = $version" >/dev/null || fail "the version in PKGBUILD is not $version"
quietly "${makepkg[@]}" --nodeps
! grep -E '^==> (WARNING|ERROR)' "$work/log" | grep -v 'Skipping dependency checks' || fail "makepkg warns"
bsdtar -t -f "$work"/arch/pscalefs-"$version"-*.pkg.tar.* | sed -e '/^\./d' -e '/\/$/d' -e 's|^|/|' >"$work/arch.list"
# There /usr/sbin is a link.
sed 's|^/usr/sbin/|/usr/bin/|' "$work/installed.list" | sort >"$work/installed-arch.list"
compare "$work/arch.list" "$work/installed-arch.list"

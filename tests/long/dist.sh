#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `meson dist` makes an archive of the last commit, and from that archive, with no repository around it, everything
# builds, meson's tests pass (the unit tests, the emulator's own, the fuzzers' stored inputs), and the program is
# installed. In an unpacked archive, of which none can be made, the same holds for itself.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT

# quietly COMMAND…
quietly() {
	"$@" >"$work/log" 2>&1 || {
		echo "failed with status $?: $*"
		tail -n 60 "$work/log"
		exit 1
	}
}

build=$work/build
quietly meson setup -Dauto_features=enabled "$build" "$root"
if [[ -e $root/.git ]]; then
	# What is not committed is not in it, and no hindrance.
	quietly meson dist -C "$build" --allow-dirty --formats gztar
	tar -t -f "$build"/meson-dist/pscalefs-*.tar.gz | sed -n 's|^[^/]*/\(.*[^/]\)$|\1|p' | sort >"$work/archive"
	git -C "$root" ls-tree -r --name-only HEAD | sort >"$work/commit"
	diff "$work/commit" "$work/archive"
	(cd "$build/meson-dist" && sha256sum --check --quiet ./*.sha256sum)
else
	quietly meson test -C "$build" --timeout-multiplier=4
	quietly env DESTDIR="$work/installed" meson install -C "$build"
fi

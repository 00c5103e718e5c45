#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# contrib/debian/build makes a package of the last commit that has all its parts and that lintian accepts.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs.XXXXXX")
trap 'rm -rf "$work"' EXIT

"$root/contrib/debian/build" "$work" >"$work/log" 2>&1 || { tail -n 40 "$work/log" && exit 1; }
dpkg-deb --contents "$work"/pscalefs_*.deb >"$work/contents"
for file in bin/pscalefs sbin/mount.pscalefs lib/systemd/user/pscalefs.service share/man/man1/pscalefs.1.gz \
	share/man/man5/pscalefs.5.gz share/man/man8/mount.pscalefs.8.gz share/bash-completion/completions/pscalefs \
	share/zsh/vendor-completions/_pscalefs share/fish/vendor_completions.d/pscalefs.fish; do
	grep -q " ./usr/$file\$" "$work/contents" || { echo "not in the package: $file" && exit 1; }
done
dpkg-deb --field "$work"/pscalefs_*.deb Recommends | grep -q libsecret-1-0
lintian --allow-root --fail-on error,warning "$work"/pscalefs_*.changes

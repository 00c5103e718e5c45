#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# For debian-package.sh, as the user dev in a fresh system: installs the package in /srv with apt, mounts in all
# ways, works, stops, purges, and compares what files there are. PSCALEFS_IN_URL and PSCALEFS_IN_CREDENTIAL say what
# is mounted: an organization acme with the databases blog and shop.
#
#   use.sh            where systemd has not booted
#   use.sh by_unit    where it has
# shellcheck disable=SC2016 # for another shell to expand
set -Eeuo pipefail
export LC_ALL=C
trap 'echo "use.sh: line $LINENO: failed: $BASH_COMMAND"' ERR

export PLANETSCALE_API_URL=$PSCALEFS_IN_URL
mapfile -t credential <<<"$PSCALEFS_IN_CREDENTIAL"
recipes=/usr/share/pscalefs/recipes
mnt=~/pscale

fail() {
	echo "use.sh: line ${BASH_LINENO[0]}: $*"
	exit 1
}

equal() { [[ $1 == "$2" ]] || fail "\"$1\" is not \"$2\""; }

# nothing COMMAND…: it prints nothing.
nothing() {
	local printed
	printed=$("$@" 2>/dev/null) || true
	equal "$printed" ''
}

# wait_for COMMAND…: at most half a minute. Ten seconds after the last logout systemd ends what a user has.
wait_for() {
	local end=$((SECONDS + 30))
	until "$@"; do
		[[ $SECONDS -lt $end ]] || fail "never came true: $*"
		sleep 0.05
	done
}

# --- what there is ---

# files: all that is on the disk, whose it is and what is in it, but for what apt and dpkg note and what logs say.
files() {
	local found=(sudo find / -xdev "(" -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/sudo -o -path /var/log
		-o -path /var/cache/apt -o -path /var/cache/debconf -o -path /var/cache/ldconfig ")" -prune -o)
	"${found[@]}" -printf '%p %y %m %u:%g %l\n' | sort
	"${found[@]}" -type f -print0 | sort -z | sudo xargs -0 sha256sum
}

install_package() {
	sudo apt-get install --yes /srv/pscalefs_*.deb
	equal "$(dpkg-query -W -f='${Status}' pscalefs)" 'install ok installed'
	pscalefs --version
	nothing sudo dpkg --verify pscalefs
}

purge_package() {
	sudo apt-get purge --yes pscalefs
	nothing dpkg-query -W pscalefs
	nothing sudo find / -xdev -name '*pscale*' -not -path '/srv/*' -not -path "$HOME/*"
	nothing sudo grep -r -s -l pscalefs /etc /usr/lib/systemd /var/lib/systemd
}

# --- a person's work ---

running() {
	local name
	for name in /proc/[0-9]*/comm; do
		[[ $(cat "$name" 2>/dev/null) != pscalefs* ]] || return 0
	done
	return 1
}

stopped() { ! grep -q pscalefs /proc/mounts && ! running; }

# work: at $mnt.
work() {
	equal "$(ls "$mnt")" acme
	equal "$(ls "$mnt/acme/databases")" $'blog\nshop'
	cd "$mnt/acme/service-tokens"
	mkdir ci
	echo read_branch >>ci/databases/shop/permissions
	equal "$(cat ci/databases/shop/permissions)" read_branch
	equal "$("$recipes/who-can" read_branch)" $'ci\tdatabases/shop'
	grep -q '^Authorization: ' ci/header
	if echo no_such_permission 2>/dev/null >>ci/databases/shop/permissions; then fail "granted what there is not"; fi
	grep -q no_such_permission "$mnt/.pscalefs/errors"
	rm -r ci
	cd
}

with_credential() { env "${credential[@]}" "$@"; }

by_pscalefs() {
	with_credential pscalefs "$mnt"
	work
	fusermount3 -u "$mnt"
	wait_for stopped
}

# script TEXT: for another shell, with what is above.
script() {
	printf '%s\n' 'set -Eeuo pipefail' "$(declare -f fail equal nothing wait_for running stopped work)" \
		"recipes=$recipes mnt=$mnt" "$1"
}

by_run() {
	local before
	before=$(ls -A /tmp)
	with_credential pscalefs run "$@" -- bash -c "$(script 'mnt=$PSCALEFS; work')"
	wait_for stopped
	equal "$(ls -A /tmp)" "$before"
}

by_fstab() {
	(umask 077 && printf '%s\n' "${credential[@]}" >~/credentials)
	sudo cp -a /etc/fstab /run/fstab
	echo "pscalefs $mnt pscalefs user,noauto,_netdev,api-url=$PLANETSCALE_API_URL,credentials=$HOME/credentials 0 0" |
		sudo tee -a /etc/fstab
	mount ~/pscale
	work
	umount ~/pscale
	wait_for stopped
	# By root, as at boot.
	sudo sed -i 's/user,noauto,/setuid=dev,/' /etc/fstab
	sudo mount -a -t pscalefs
	work
	sudo umount "$mnt"
	wait_for stopped
	sudo mv /run/fstab /etc/fstab
	rm ~/credentials
}

# logged_in COMMANDS: in a session that ends with them.
logged_in() { sudo su --login dev --command "$(script "$1")"; }

# logged_out: and systemd has ended what dev had.
logged_out() { [[ ! -e /run/user/$UID ]]; }

by_unit() {
	local settings=~/.config/systemd/user/pscalefs.service.d before
	[[ ! -e ~/.config ]]
	mkdir -p "$settings"
	printf '%s\n' '[Service]' 'LoadCredential=pscalefs:%h/credentials' \
		"Environment=PLANETSCALE_API_URL=$PLANETSCALE_API_URL" >"$settings/override.conf"
	(umask 077 && printf '%s\n' "${credential[@]}" >~/credentials)
	before=$(find ~/.config | sort)
	rmdir "$mnt"

	logged_in '
		systemctl --user enable --now pscalefs
		work'
	wait_for logged_out
	stopped
	# Enabled, it is there again.
	logged_in '
		wait_for mountpoint -q "$mnt"
		work
		systemctl --user disable --now pscalefs
		stopped
		nothing find "$XDG_RUNTIME_DIR" -name "*pscale*"'
	wait_for logged_out
	equal "$(find ~/.config | sort)" "$before"
	rm -r ~/.config ~/credentials
}

# --- all of it ---

for tool in cc gcc clang meson ninja pkg-config dpkg-buildpackage fusermount3; do
	! type -P "$tool" || fail "this is no fresh system"
done

# What it depends on stays, so first without use.
install_package
purge_package
files | sudo tee /run/before >/dev/null

install_package
with_credential pscalefs check
mkdir "$mnt"
by_pscalefs
by_run
by_run --no-namespace
by_fstab
"$@"
rmdir "$mnt"
purge_package
files | sudo tee /run/after >/dev/null
[[ $(wc -l </run/before) -gt 3000 ]]
diff /run/before /run/after

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# With a real systemd: the user unit is active once the mount can be used, says in its status what it is doing
# and why it failed, reloads, takes a credential as the manual says, and leaves nothing when it is stopped or
# the user's session ends. The lines for fstab(5) in the manual become units that mount at boot or when
# somebody looks into the directory, and unmount when nobody does any more.
#
# Only root can boot one.
# shellcheck disable=SC2016 # for another shell to expand
[[ $EUID -eq 0 ]] || exit 0
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/booted.bash"

own_dev
install_here
start_emulator
boot
mkdir -p /mnt/etc/systemd/user
cp "$root/contrib/pscalefs.service" /mnt/etc/systemd/user

# ann_writes FILE TEXT: in her home.
ann_writes() {
	inside_as_ann mkdir -p "/home/ann/$(dirname "$1")"
	inside_as_ann sh -c 'umask 077 && printf "%s\n" "$2" >"$1"' sh "/home/ann/$1" "$2"
}
user() { inside_as_ann systemctl --user --no-pager "$@"; }
serves() { inside pgrep -u ann -x pscalefs >/dev/null; }
is_mounted() { inside grep -q ' /home/ann/pscale fuse.pscalefs ' /proc/mounts; }
no() { ! "$@"; }
nothing_left() {
	wait_for no serves
	no is_mounted || fail 'still mounted'
}

# --- the user unit ---

inside systemctl start user@4242.service
ann_writes .config/planetscale/access-token "$login"
ann_writes .config/systemd/user/pscalefs.service.d/api.conf $'[Service]\nEnvironment=PLANETSCALE_API_URL='"$api_url"
user daemon-reload

user enable --quiet --now pscalefs
# At once: it is active when the mount can be used.
assert_eq acme "$(inside_as_ann ls /home/ann/pscale)"
status_text() { user show --property=StatusText --value pscalefs; }
assert_contains "$(user status pscalefs)" 'Active: active (running)' 'Status: "mounted"' 'PlanetScale as files'
assert_eq 'notify default.target' "$(user show --property=Type --value pscalefs) $(user show --property=WantedBy --value pscalefs)"
inside_as_ann mkdir /home/ann/pscale/acme/service-tokens/ci
inside_as_ann sh -c 'echo read_branch >/home/ann/pscale/acme/service-tokens/ci/databases/shop/permissions'
assert_eq read_branch "$(scopes_of ci shop)"
assert_contains "$(inside_as_ann cat /home/ann/pscale/.pscalefs/status)" 'sandbox: '

# It returns when the credential has been read again.
main=$(user show --property=MainPID --value pscalefs)
ann_writes .config/planetscale/access-token wrong
user reload pscalefs
assert_fails 'Key was rejected' inside_as_ann ls /home/ann/pscale/acme/service-tokens
ann_writes .config/planetscale/access-token "$login"
user reload pscalefs
assert_eq ci "$(inside_as_ann ls /home/ann/pscale/acme/service-tokens)"
assert_eq "mounted $main" "$(status_text) $(user show --property=MainPID --value pscalefs)"

user stop pscalefs
nothing_left
assert_eq 'inactive success' "$(user show --property=ActiveState --value pscalefs) $(user show --property=Result --value pscalefs)"

# A reason is shown where people look for one.
ann_writes .config/planetscale/access-token wrong
assert_fails 'Job for pscalefs.service failed' user start pscalefs
assert_contains "$(user status pscalefs || true)" 'rejected'
user stop pscalefs
user reset-failed pscalefs
nothing_left

# The credential of a file, as the manual has it.
inside_as_ann rm -r /home/ann/.config/planetscale
ann_writes credentials "$(printf '%s\n' "${credential[@]}")"
drop_in=$(sed -n '/^\[Service\]$/,/^\.Ed/{/^\.Ed/!p}' "$root/src/man/pscalefs.1")
assert_contains "$drop_in" LoadCredential=
ann_writes .config/systemd/user/pscalefs.service.d/credential.conf "$drop_in"
user daemon-reload
user start pscalefs
assert_eq ci "$(inside_as_ann ls /home/ann/pscale/acme/service-tokens)"

# The end of the session is the end of the mount; the next one has it again, because it is enabled.
inside systemctl stop user@4242.service
nothing_left
inside systemctl start user@4242.service
wait_for is_mounted
assert_eq ci "$(inside_as_ann ls /home/ann/pscale/acme/service-tokens)"
user disable --quiet --now pscalefs
nothing_left

# --- fstab ---

# line_in_manual: of the example that mounts at boot, with where the API is.
line_in_manual() {
	sed -n '/^Mount on behalf of a user at boot/,/^\.Ed/{/^pscalefs /N;s/ \\e\n */ /p}' "$root/src/man/pscalefs.1" |
		sed "s|setuid=ann|&,api-url=$api_url|"
}
system() { inside systemctl --no-pager "$@"; }
unit_has() { system show --property="$1" --value home-ann-pscale."$2"; }
ann_sees() { assert_eq ci "$(inside_as_ann ls /home/ann/pscale/acme/service-tokens)"; }

line=$(line_in_manual)
assert_contains "$line" 'pscalefs /home/ann/pscale pscalefs setuid=ann,' _netdev nofail credentials=/home/ann/credentials
words=$(awk '{ print $4 }' <<<"$line")
echo "$line" >/mnt/etc/fstab
system daemon-reload
assert_eq "pscalefs pscalefs $words" "$(unit_has What mount) $(unit_has Type mount) $(unit_has Options mount)"
assert_contains " $(unit_has After mount) " ' remote-fs-pre.target ' ' network-online.target '
assert_eq remote-fs.target "$(unit_has WantedBy mount)"
# As at boot, which does not wait for it: nofail.
system start remote-fs.target
wait_for system is-active home-ann-pscale.mount
ann_sees
system stop home-ann-pscale.mount
nothing_left

# When somebody looks. A machine that lets nobody have autofs shows the units only.
for when in noauto,x-systemd.automount x-systemd.automount,x-systemd.idle-timeout=1s; do
	system stop remote-fs.target
	echo "${line/ 0 0/,$when 0 0}" >/mnt/etc/fstab
	system daemon-reload
	assert_eq "/home/ann/pscale home-ann-pscale.mount" "$(unit_has Where automount) $(unit_has Triggers automount)"
	assert_eq "pscalefs $words,$when" "$(unit_has Type mount) $(unit_has Options mount)"
	assert_eq 'remote-fs.target ' "$(unit_has WantedBy automount) $(unit_has WantedBy mount)"
	has_autofs || continue
	system start remote-fs.target
	wait_for system is-active home-ann-pscale.automount
	no serves || fail 'mounted before anybody looked'
	ann_sees
	is_mounted || fail 'not mounted'
	if [[ $when == *idle* ]]; then
		nothing_left
		ann_sees
	fi
	system stop home-ann-pscale.automount
	nothing_left
done

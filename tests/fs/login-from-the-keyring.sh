#!/usr/bin/env bash
#
# The login that `pscale auth login` keeps in the desktop's keyring is found, before the one in its file; a
# keyring that is absent, empty or slow stops nothing, one that holds nonsense is said to.
. "$(dirname "$0")/lib.sh"

start_emulator
runtime=$work/runtime
keyrings=$work/home/.local/share/keyrings
mkdir -p "$runtime" "$keyrings"
chmod 700 "$runtime"

# keyring_file COLLECTION TEXT: as gnome-keyring keeps one without a password.
keyring_file() {
	printf '%s\n' '[keyring]' "display-name=$1" ctime=0 mtime=0 lock-on-idle=false lock-after=false '' \
		'[1]' item-type=0 'display-name=PlanetScale CLI Access Token' "secret=$2" mtime=0 ctime=0 '' \
		'[1:attribute0]' name=profile type=string value=access-token >"$keyrings/$1.keyring"
}

# The document of github.com/99designs/keyring, which pscale uses.
document() {
	jq -cn --arg data "$(printf '%s' "$1" | base64 -w 0)" '{Key: "access-token", Data: $data,
		Label: "PlanetScale CLI Access Token", Description: "", KeychainNotTrustApplication: false}'
}

bus='' service=''
start_session() {
	dbus-daemon --session --nofork --address="unix:path=$runtime/bus" >"$work/dbus.log" 2>&1 &
	bus=$!
	wait_for test -S "$runtime/bus"
	[[ ${1-} != without-keyring ]] || return 0
	env --ignore-environment HOME="$work/home" XDG_RUNTIME_DIR="$runtime" PATH="$PATH" LC_ALL=C \
		DBUS_SESSION_BUS_ADDRESS="unix:path=$runtime/bus" \
		gnome-keyring-daemon --foreground --components=secrets >"$work/keyring.log" 2>&1 &
	service=$!
	wait_for keyring_answers
}
keyring_answers() {
	dbus-send --bus="unix:path=$runtime/bus" --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus \
		org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q 'boolean true'
}
stop_session() {
	[[ ! $service ]] || end_process "$service" TERM
	end_process "$bus" TERM
	service='' bus=''
}

# Nothing but a session in the environment; the address is where systemd puts it.
credential=("XDG_RUNTIME_DIR=$runtime")
login_file() { (umask 077 && mkdir -p "$work/home/.config/planetscale" && printf '%s' "$1" >"$work/home/.config/planetscale/access-token"); }

as() { api_log | jq -r '[.[].auth] | unique | join(",")'; }

# Another's item with the same attribute is not ours.
keyring_file pscale "$(document "$login")"
keyring_file other "$(document not_this_one)"
login_file not_this_one_either
start_session
api_clear
start_mount
assert_eq acme "$(ls "$mnt")"
assert_eq bearer "$(as)"
assert_contains "$(cat "$mnt/.pscalefs/status")" 'login' 'keyring'
loaded=$(grep -c -E 'libsecret|libgio' "/proc/$daemon/maps" || true)
assert_eq 0 "$loaded" 'the keyring library stayed'
stop_mount
stop_session

# Nonsense in it is told; the file is not tried instead.
keyring_file pscale 'no document at all'
login_file "$login"
start_session
mkdir -p "$mnt"
set_command
run timeout 40 "${command[@]}" "$mnt"
assert_eq 32 "$status" "$message"
assert_contains "$message" 'the login of pscale in the keyring'
assert_lacks "$message" 'no document'

# No such item, no keyring in the session, no session: then the file.
stop_session
rm "$keyrings/pscale.keyring"
for kind in with-keyring without-keyring; do
	start_session "$kind"
	api_clear
	start_mount
	assert_eq bearer "$(as)"
	assert_contains "$(cat "$mnt/.pscalefs/status")" access-token
	stop_mount
	stop_session
done
start_mount
assert_eq acme "$(ls "$mnt")"

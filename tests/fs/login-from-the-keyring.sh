#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The login that `pscale auth login` keeps in the desktop's keyring is found, before the one in its file; a
# keyring that is absent, empty or slow stops nothing, one that holds nonsense is said to. A login that ends
# while mounted is looked for there again, and nothing else waits for that.
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
	rm -f "$runtime/bus"
	dbus-daemon --session --nofork --address="unix:path=$runtime/bus" >"$work/dbus.log" 2>&1 &
	bus=$!
	wait_for test -S "$runtime/bus"
	[[ ${1-} != without-keyring ]] || return 0
	start_keyring
}
start_keyring() {
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

# Who is not root may not look, and finds nothing.
library_loaded() { grep -q -s -E 'libsecret|libgio' "/proc/$daemon/maps"; }

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
! library_loaded || fail "the keyring's library is loaded"
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
stop_mount

# --- while mounted ---

allow_error .

# keyring_login TOKEN: somebody logs in again, which ends the login before.
current=$login
keyring_login() {
	end_process "$service" TERM
	keyring_file pscale "$(document "$1")"
	start_keyring
	api_data "$(json op=add-bearer "token=$1")"
	former=$current
	current=$1
}
end_former() { api_data "$(json op=delete-bearer "token=$former")"; }
read_again() { [[ $(grep -c 'credential read again from pscale, access-token' "$log") -ge $1 ]]; }
refused() { api_log | jq '[.[] | select(.status == 401)] | length'; }
# Those of the helper, which is the daemon's only child.
children() {
	local helper
	helper=$(tr -d ' ' <"/proc/$daemon/task/$daemon/children")
	[[ ! $helper ]] || cat "/proc/$helper/task/$helper/children"
}
no_children() { [[ ! $(children) ]]; }
asking() { [[ $(tr '\0' ' ' <"/proc/$(children | tr -d ' ')/cmdline") == pscalefs-asks* ]]; }

: >"$log"
keyring_file pscale "$(document "$login")"
start_session
start_mount
ls "$tokens" "$org/databases" >"$work/before"

# The next command finds the new one; so does what was under way.
keyring_login pscale_oauth_second
end_former
list_both_at_once
assert_eq 2 "$(refused)" 'refused requests'
assert_eq $'blog\nshop' "$(cat "$work/databases")"
wait_for no_children
read_again 1 || fail "not told"
assert_contains "$(cat "$mnt/.pscalefs/status")" 'credential: login' 'keyring: pscale, access-token'
! library_loaded || fail "the keyring's library is loaded"

# SIGHUP asks before anybody is refused.
keyring_login pscale_oauth_third
kill -HUP "$daemon"
wait_for read_again 2
end_former
api_clear
ls "$tokens" >"$work/after"
assert_eq 0 "$(refused)" 'refused requests'

# While the keyring is silent all else answers, and who waits for it can be interrupted.
keyring_login pscale_oauth_fourth
end_former
kill -STOP "$service"
touch "$tokens"
start_blocked ls "$tokens"
wait_for asking
asker=$(children | tr -d ' ')
# All eventfds have one name; their ids differ.
open_files() {
	local fd
	for fd in "/proc/$1/fd/"*; do
		echo "$(readlink "$fd") $(sed -n 's/^eventfd-id://p' "/proc/$1/fdinfo/${fd##*/}" 2>/dev/null)"
	done | sort -u
}
in_common() { comm -12 <(open_files "$1") <(open_files "$2"); }
nothing_in_common() { ! in_common "$daemon" "$asker" | grep -q -E '^/dev/fuse|^socket|^anon_inode'; }
wait_for nothing_in_common
[[ ! -r /proc/$asker/environ ]] || assert_eq 'HOME XDG_RUNTIME_DIR' \
	"$(tr '\0' '\n' <"/proc/$asker/environ" | sed 's/=.*//; /^LD_/d' | sort | paste -sd ' ')" environment
assert_eq 0 "$(awk '/Max core file size/ { print $5 }' "/proc/$asker/limits")" 'core dumps'
timeout 5 cat "$mnt/.pscalefs/status" >/dev/null || fail "the loop is blocked"
timeout 5 stat "$org" >/dev/null || fail "the loop is blocked"
kill -INT "$reader"
status_of "$reader"
assert_eq 130 "$status" 'interrupted'
start_blocked ls "$tokens"
assert_eq "$asker" "$(children | tr -d ' ')" 'one asker at a time'
kill -CONT "$service"
status_of "$reader"
assert_eq 0 "$status" "$(cat "$work/reader.err")"
wait_for no_children

# If it stays silent, they are refused in time; the asker goes with the mount.
remount -o timeout=2
keyring_login pscale_oauth_fifth
end_former
kill -STOP "$service"
ls "$mnt" >/dev/null
touch "$tokens"
assert_fails 'Key was rejected by service' timeout 20 ls "$tokens"
assert_contains "$(errors_last)" EKEYREJECTED 'unlock the keyring'
wait_for asking
asker=$(children | tr -d ' ')
assert_fails 'Key was rejected by service' timeout 2 ls "$tokens"
stop_mount
process_ended "$asker" || fail "the asker stays"
kill -CONT "$service"

# Without the keyring they are refused at once, and not one asker is started for each; when it is back they are
# not. That the program is no longer where it was changes nothing.
cp "$program" "$work/pscalefs"
program=$work/pscalefs
start_mount
[[ ${PSCALEFS_VALGRIND-} ]] || rm "$program" # valgrind goes by its name
keyring_login pscale_oauth_sixth
end_former
stop_session
touch "$tokens"
for ((i = 0; i < 10; i++)); do
	assert_fails 'Key was rejected by service' ls "$tokens"
done
[[ $(grep -c 'could not be read again' "$log") -le 4 ]] || fail "it was asked again and again"
wait_for no_children
start_session
wait_for ls "$tokens"
stop_session

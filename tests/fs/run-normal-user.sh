#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# pscalefs run of a normal user: in a user namespace without fusermount3, by fusermount3 where there are no
# namespaces, and not at all without both.
#
# Run by root, this needs a /dev/fuse for everybody and a place that a user can reach.
#
# shellcheck disable=SC2016 # what the command expands
[[ $EUID -eq 0 ]] || exit 0
. "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

program=$release_build/src/pscalefs
own_dev
user=(setpriv --reuid=65534 --regid=65534 --clear-groups) # nobody
mount -t tmpfs -o mode=0755 tmpfs /mnt
place=/mnt/user PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -m 0755 "$place" /mnt/bin
cp "$program" /mnt/bin/pscalefs
program=/mnt/bin/pscalefs
mkdir "$place/tmp"
chown -R 65534:65534 "$place"
credential+=("TMPDIR=$place/tmp")
wrapper=("${user[@]}")
start_emulator
add_token ci

nothing_left() { [[ ! $(ls -A "$place/tmp") ]] && ! grep -q " $place/tmp/" /proc/self/mountinfo && ! pgrep -f "$place/tmp" >/dev/null; }

# killed_leaves_nothing [OPTION…]: of pscalefs run, if the runner is killed, alone or with its child that mounts.
killed_leaves_nothing() {
	local who runner mounter
	for who in runner both; do
		set_command
		"${command[@]}" run "$@" sh -c 'echo >"$TMPDIR/../fifo"; exec sleep 100' &
		runner=$!
		read -r _ <"$place/fifo"
		mounter=$(pgrep -P "$runner" -f "^$program run")
		[[ $who == runner ]] || kill -KILL "$mounter"
		kill -KILL "$runner"
		status_of "$runner"
		wait_for nothing_left
	done
}

# --- in a namespace, and without fusermount3
mount --bind /bin/false /usr/bin/fusermount3
run pscalefs run bash -c "id -u; id -g; stat -c '%u %U %A' \"\$PSCALEFS/acme\"; readlink /proc/self/ns/user; grep -E '^Cap(Inh|Prm|Eff|Amb):.0*[1-9a-f]' /proc/self/status"
assert_eq '' "$message"
assert_eq "65534 65534 65534 nobody drwx------" "$(sed 4d <<<"$output" | xargs)"
[[ $(sed -n 4p <<<"$output") != "$(readlink /proc/self/ns/user)" ]] || fail "no user namespace"
nothing_left || fail "left: $(ls "$place/tmp")"
run pscalefs run sh -c 'cd "$PSCALEFS/acme/service-tokens" && mkdir new && echo read_branch >new/databases/shop/permissions
	sed -i /read/d new/databases/shop/permissions; echo done >"$TMPDIR/../file"'
assert_eq "0 ''" "$status '$message'"
assert_eq '' "$(scopes_of new shop)"
assert_eq '65534:65534' "$(stat -c %u:%g "$place/file")"

# Killed, the helper unmounts and removes the directory.
"${user[@]}" mkfifo "$place/fifo"
killed_leaves_nothing

# --- without namespaces, and without fusermount3
assert_fails 'fusermount3 (package fuse3) installed?' pscalefs run --no-namespace touch "$place/mark"
assert_eq 32 "$status"
nothing_left || fail "left: $(ls "$place/tmp")"
umount /usr/bin/fusermount3

# --- by fusermount3: asked for; and in a changed root, where no user may make a namespace
mkdir /mnt/root
mount --rbind / /mnt/root
for how in no-namespace changed-root; do
	options=() wrapper=("${user[@]}")
	case $how in
	no-namespace) options=(--no-namespace) ;;
	changed-root) wrapper=(chroot /mnt/root "${user[@]}") ;;
	esac
	run pscalefs run "${options[@]}" sh -c "ls \"\$PSCALEFS/acme/service-tokens\"; readlink /proc/self/ns/user"
	assert_eq 0 "$status" "$how: $message"
	assert_eq "ci new $(readlink /proc/self/ns/user)" "$(xargs <<<"$output")"
	nothing_left || fail "$how left: $(ls "$place/tmp")"
	killed_leaves_nothing "${options[@]}"
done
umount --lazy /mnt/root

# --- no /dev/fuse
wrapper=("${user[@]}")
rm /dev/fuse 2>/dev/null || { umount /dev/fuse && rm /dev/fuse; }
assert_fails 'is /dev/fuse there' pscalefs run touch "$place/mark"
assert_eq 32 "$status"
assert_gone "$place/mark"
nothing_left || fail "left: $(ls "$place/tmp")"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A credentials file that leads into the mount by the time it is read again is refused, by whatever way it leads
# there, and the mount goes on with the credential it has; any other file system and any harmless link will do.
. "$(dirname "$0")/lib.sh"

start_emulator
mkdir "$work/files" "$work/ways"
elsewhere=$(mktemp -d /dev/shm/pscalefs.XXXXXX)
link=$work/ways/credentials

leave() {
	rm -rf --one-file-system "$elsewhere"
	finish
}
trap leave EXIT

# credentials NAME FILE: a service token made for this.
credentials() {
	local id
	add_token "$1"
	id=$(token_id "$1")
	grant "$1" '' read_organization read_databases read_service_tokens write_service_tokens delete_service_tokens
	(umask 077 && control GET '/state?secrets=1' | jq -r --arg id "$id" '.organizations[].tokens[] |
		select(.id == $id) | "PLANETSCALE_SERVICE_TOKEN_ID=\(.id)\nPLANETSCALE_SERVICE_TOKEN=\(.secret)"' >"$2")
}

used() { assert_contains "$(timeout 20 cat "$mnt/.pscalefs/status")" "credential: service token $(token_id "$1")"; }
grown() { [[ $(grep -c "$1" "$log") -gt $2 ]]; }

# read_again PATTERN: the daemon is to say this.
read_again() {
	local before
	before=$(grep -c "$1" "$log") || true
	kill -HUP "$daemon"
	wait_for grown "$1" "$before"
}

# refused TARGET: with the link there.
refused() {
	ln -sfn "$1" "$link"
	read_again "$link leads into a mounted pscalefs"
	used first
	assert_eq "$(printf '%s\n' first other)" "$(timeout 20 ls "$tokens")" "$1"
}

# taken NAME TARGET
taken() {
	ln -sfn "$2" "$link"
	read_again "credential read again from $link"
	used "$1"
}

credential=()
credentials first "$work/files/first"
credentials other "$elsewhere/other"
for option in sandbox=off sandbox=on; do
	ln -sfn "$work/files/first" "$link"
	start_mount -o "credentials=$link,$option"
	used first

	refused "$mnt/.pscalefs/status"
	refused "../mnt/acme/service-tokens/first/created_at"
	refused "$mnt/not-there"
	refused "$mnt"
	refused "$mnt/../files/first"
	ln -sfn "$mnt/acme" "$work/ways/directory"
	refused directory/service-tokens
	(cd "$tokens" && exec sleep 1000) &
	sleeper=$!
	wait_for test "/proc/$sleeper/cwd" -ef "$tokens"
	refused "/proc/$sleeper/cwd/first"
	end_process "$sleeper" TERM

	# What is somewhere else is read, and so is what a link of /proc, or many links, lead to.
	taken other "$elsewhere/other"
	taken first "$work/files/first"
	ln -sfn "$elsewhere" "$work/ways/directory"
	taken other ".././ways//directory/other"
	taken first "/proc/self/root$work/files/first"

	# A loop ends.
	ln -sfn credentials "$link"
	read_again "cannot open $link: Too many levels of symbolic links"
	used first
	# As open(2) does where fs.protected_symlinks is set: not a link of another user that anyone could have made.
	if [[ $EUID -eq 0 ]]; then
		install -d -m 1777 "$work/shared"
		ln -sfn "$elsewhere/other" "$work/shared/file"
		ln -sfn "$work/shared/file" "$link"
		read_again 'credential read again'
		ln -sfn "$work/files/first" "$work/shared/file"
		chown -h 1:1 "$work/shared/file"
		read_again "cannot open $link: Permission denied"
		used other
	fi
	stop_mount
done

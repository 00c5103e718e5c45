#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The credential is taken from where the manual says, in that order, and works the same.
. "$(dirname "$0")/lib.sh"

start_emulator
token="PLANETSCALE_SERVICE_TOKEN_ID=$admin_id
PLANETSCALE_SERVICE_TOKEN=$admin_secret"
secret_file() { # FILE TEXT
	mkdir -p "$(dirname "$1")"
	(umask 077 && printf '%s' "$2" >"$1")
}

# works AS [OPTION…]: mounts with $credential; PlanetScale sees it AS this, and so does status.
works() {
	local as=$1
	shift
	api_clear
	start_mount "$@"
	assert_eq acme "$(ls "$mnt")"
	assert_eq "$as" "$(api_log | jq -r '[.[] | "\(.auth) \(.auth_id)"] | unique | join(",")')"
	stop_mount
}

# An id and a secret in one variable.
credential=("PLANETSCALE_API_TOKEN=$admin_id:$admin_secret")
works "service-token $admin_id"

# A file, and it wins over the environment.
secret_file "$work/credentials" "$token
"
works "service-token $admin_id" -o "credentials=$work/credentials"

# A login: in the environment, then in pscale's file, which has no newline at its end.
credential=("PLANETSCALE_API_TOKEN=$login")
api_clear
works "bearer Ada"
credential=()
secret_file "$work/home/.config/planetscale/access-token" "$login"
works "bearer Ada"

# systemd's directory.
rm -r "$work/home/.config"
secret_file "$work/systemd/pscalefs" "$token"
credential=("CREDENTIALS_DIRECTORY=$work/systemd")
works "service-token $admin_id"

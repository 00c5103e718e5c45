#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# After a session with everything in it, no secret is in a log, the mount's own files, the command line, the
# environment, or, once a token's secret was thrown away, anywhere in the daemon's memory; the credential is
# in locked pages only.
. "$(dirname "$0")/lib.sh"

# What the sanitizers add to the memory, and what valgrind keeps of the environment, is not ours.
program=$release_build/src/pscalefs wrapper=()
allow_error .
database=shop api_ca=''

# A normal user is refused by the mode of the file, before the file system is asked.
read_only='Permission denied'
[[ $EUID -ne 0 ]] || read_only='Operation not permitted'

own_files() { find "$mnt/.pscalefs" "$tokens"/*/info.json "$org"/*.json "$org/databases" -type f ! -name refresh; }

# memory KIND: what is in the daemon's writable memory, of locked mappings or of all others.
memory() {
	local line lines range='' rights='' start end flags
	mapfile -t lines <"/proc/$daemon/smaps" # at once: the kernel counts all pages anew for each read(2)
	for line in "${lines[@]}"; do
		if [[ $line =~ ^([0-9a-f]+)-([0-9a-f]+)\ (....) ]]; then
			start=$((16#${BASH_REMATCH[1]})) end=$((16#${BASH_REMATCH[2]})) rights=${BASH_REMATCH[3]}
		elif [[ $line == VmFlags:* && $rights == rw* ]]; then
			flags=" ${line#VmFlags:} "
			[[ $flags == *' lo '* ]] && range=locked || range=other
			[[ $range != "$1" ]] || dd if="/proc/$daemon/mem" iflag=skip_bytes,count_bytes bs=64K \
				skip="$start" count=$((end - start)) 2>/dev/null
		fi
	done
}

# times TEXT KIND: how often. grep's own pipe is no place of the daemon's.
times() { memory "$2" | { grep -a -o -F -e "$1" || true; } | wc -l; }

# session [OPTION…]: the emulator runs.
session() {
	local secret second found text places locked
	start_mount -d "$@"
	mkdir "$tokens/ci"
	secret=$(cat "$tokens/ci/token")
	[[ $secret == pscale_tkn_* ]] || fail "no secret: $secret"
	cat "$tokens/ci/env" "$tokens/ci/header" >/dev/null
	cp -f "$tokens/ci/token" "$work/copy"
	assert_eq 200 "$(curl --silent --output /dev/null --write-out '%{http_code}' --header @"$tokens/ci/header" ${api_ca:+--cacert "$api_ca"} "$api_url/v1/organizations")"
	echo read_branch >>"$tokens/ci/databases/$database/permissions"
	echo 'ttl ttl=1d' >"$org/create-token"
	second=$(cat "$tokens/ttl/token")
	# What fails is told with reasons, which hold none either.
	fault POST "$T" status=422 body="$(jq -cn --arg s "$secret" '{code: "x", message: "No \($s)"}')"
	assert_fails 'Invalid argument' append "$tokens/ci/databases/$database/permissions" no_such_scope
	assert_fails "$read_only" overwrite "$tokens/ci/token" x
	assert_fails 'No such' cat "$tokens/none/token"
	run ls -lR "$mnt"

	mapfile -t places < <(own_files)
	places+=("$log" "/proc/$daemon/cmdline")
	[[ -r /proc/$daemon/environ ]] && places+=("/proc/$daemon/environ")
	# It is a debug log, though: the request and what the file system was asked are in it.
	grep -q -F "POST $T" "$log" || fail "no request in the debug log"
	grep -q -i mkdir "$log" || fail "no operation in the debug log"
	for text in "$secret" "$second" "$admin_secret"; do
		! found=$(grep -l -a -F -e "$text" "${places[@]}") || fail "a secret is in $found"
	done

	# No core dump, and whoever is not root may not look into it; secrets are not swapped out.
	assert_eq 0 "$(awk '$1 == "Max" && $2 == "core" { print $5 }' "/proc/$daemon/limits")" 'core limit'
	locked=$(awk '$1 == "VmLck:" { print $2 }' "/proc/$daemon/status")
	[[ $locked -ge 12 ]] || fail "only $locked kB are locked: three secrets need a page each"

	[[ $EUID -ne 0 || ! -r /proc/$daemon/mem ]] || search_memory
	stop_mount
}

# in_its_page: in locked memory once; a file that was closed is released a moment later.
in_its_page() { [[ $(times "$secret" locked) -eq 1 ]]; }

# That is root's to see.
search_memory() {
	# While the file is open, too.
	exec 3<"$tokens/ci/token" 4<"$tokens/ci/env"
	read -r _ <&3
	assert_eq 0 "$(times "$secret" other)" 'the secret of an open file'
	exec 3<&- 4<&-
	wait_for in_its_page
	assert_eq 0 "$(times "$secret" other)" 'the secret elsewhere'
	assert_eq 0 "$(times "$second" other)" 'the second secret elsewhere'
	[[ $(times "$admin_secret" locked) -ge 1 ]] || fail "the credential is not found: is this the right memory?"
	assert_eq 0 "$(times "$admin_secret" other)" 'the credential outside locked pages'

	# Thrown away, it is nowhere.
	rm "$tokens/ci/token"
	assert_gone "$tokens/ci/token" "$tokens/ci/env" "$tokens/ci/header"
	assert_eq 0 "$(times "$secret" locked)" 'thrown away'
	assert_eq 0 "$(times "$secret" other)" 'thrown away'
	rm -r "$tokens/ttl"
	assert_eq 0 "$(times "$second" locked)" 'deleted'
	assert_eq 0 "$(times "$second" other)" 'deleted'
}

start_emulator
session
stop_emulator

# Over TLS, where the library keeps buffers of its own.
start_emulator --tls --tls-dir="$work/tls" --seed-data=orgs=1,databases=1,tokens=0
name=$(api_state | jq -r '.organizations[0].name')
database=$(api_state | jq -r '.organizations[0].databases[0].name')
org=$mnt/$name tokens=$mnt/$name/service-tokens T=/v1/organizations/$name/service-tokens
api_ca=$work/tls/ca.pem
session --cacert "$api_ca"
stop_emulator

# And over HTTP/2, whose library copies headers.
start_emulator --seed-data=orgs=1,databases=1,tokens=0
name=$(api_state | jq -r '.organizations[0].name')
database=$(api_state | jq -r '.organizations[0].databases[0].name')
org=$mnt/$name tokens=$mnt/$name/service-tokens T=/v1/organizations/$name/service-tokens
start_nghttpx
api_ca=$ca
session --cacert "$api_ca"

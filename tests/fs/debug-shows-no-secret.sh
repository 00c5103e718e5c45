#!/usr/bin/env bash
#
# No secret is in the debug log, in the mount's own files, on the command line or in the environment
# that others could read.
. "$(dirname "$0")/lib.sh"

start_emulator
start_mount -d
mkdir "$tokens/ci"
secret=$(cat "$tokens/ci/token")
cat "$tokens/ci/env" "$tokens/ci/header" >/dev/null
echo 'ttl ttl=1d' >"$org/create-token"
second=$(cat "$tokens/ttl/token")
echo read_branch >>"$tokens/ci/databases/shop/permissions"
assert_fails 'Invalid argument' append "$tokens/ci/databases/shop/permissions" no_such_scope
assert_fails 'Operation not permitted' overwrite "$tokens/ci/token" x

mapfile -t places < <(find "$mnt/.pscalefs" "$tokens"/*/info.json "$org/databases" -type f ! -name refresh)
places+=("$log" "/proc/$daemon/cmdline")
[[ -r /proc/$daemon/environ ]] && places+=("/proc/$daemon/environ")
for text in "$secret" "$second" "$admin_secret" "$admin_id:$admin_secret"; do
	! found=$(grep -l -a -F -e "$text" "${places[@]}") || fail "a secret is in $found"
done

# It is a debug log, though: the request and what the file system was asked are in it.
grep -q -F "$T" "$log" || fail "no request in the debug log"
grep -q -i mkdir "$log" || fail "no operation in the debug log"

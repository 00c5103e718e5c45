#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The tree is the documented one: every entry, its kind, mode, link target, owner and exact size.
. "$(dirname "$0")/lib.sh"

start_emulator
add_token old
grant old blog read_branch
start_mount
mkdir "$tokens/ci"
echo read_organization >>"$tokens/ci/permissions"
echo read_branch >>"$tokens/ci/databases/shop/permissions"
id=$(token_id ci) old=$(token_id old)

d=d:700 r=f:400 w=f:600
expect() { # KIND:MODE PATH…
	local path
	for path in "${@:2}"; do echo "$path ${1/:/ }"; done
}
link() { echo "$1 l 777 $2"; }

expected=$(
	expect $d '' .pscalefs .pscalefs/scopes acme acme/by-id acme/databases acme/service-tokens
	expect $r .pscalefs/{status,errors} .pscalefs/scopes/{organization,database}
	expect $w .pscalefs/refresh acme/create-token
	expect $r acme/{info.json,audit-log}
	expect $d acme/databases/{blog,shop} acme/databases/{blog,shop}/service-tokens
	expect $r acme/databases/{blog,shop}/{info.json,id,kind,region,state,created_at,access}
	link acme/databases/shop/service-tokens/ci ../../../service-tokens/ci
	link acme/databases/blog/service-tokens/old ../../../service-tokens/old
	link "acme/by-id/$id" ../service-tokens/ci
	link "acme/by-id/$old" ../service-tokens/old
	expect $d acme/service-tokens/{ci,old} acme/service-tokens/{ci,old}/databases \
		acme/service-tokens/ci/databases/shop acme/service-tokens/old/databases/blog
	expect $r acme/service-tokens/{ci,old}/{id,name,created_at,created_by,expires_at,last_used_at,info.json}
	expect $r acme/service-tokens/ci/{token,env,header}
	expect $w acme/service-tokens/{ci,old}/permissions acme/service-tokens/ci/databases/shop/permissions \
		acme/service-tokens/old/databases/blog/permissions
)
assert_eq "$(sort <<<"$expected")" "$(find "$mnt" -printf '%P %y %m %l\n' | sed 's/ $//' | sort)"

# All of it is mine, and other users are kept out.
assert_eq "$(id -u):$(id -g)" "$(find "$mnt" -printf '%U:%G\n' | sort -u)"
assert_lacks "$(awk -v at="$mnt" '$2 == at { print $4 }' /proc/mounts)" allow_other
assert_eq 'fuse.pscalefs pscalefs' "$(awk -v at="$mnt" '$2 == at { print $3, $1 }' /proc/mounts)"

# Sizes are what one reads, also for what nobody has read yet; but for the log.
assert_eq 0 "$(stat -c %s "$org/audit-log")"
cat "$org/audit-log" >/dev/null
while read -r path; do
	size=$(stat -c %s "$path")
	assert_eq "$size" "$(wc -c <"$path")" "$path"
	assert_eq "$size" "$(head -c 1G "$path" | wc -c)" "$path"
done < <(find "$org" -type f)
remount
cat "$org/audit-log" >/dev/null
while read -r path; do
	assert_eq "$(stat -c %s "$path")" "$(wc -c <"$path")" "$path"
done < <(find "$org" -type f)

# Values: one a file, ending in a newline; what is empty is empty.
assert_eq old "$(cat "$tokens/old/name")"
assert_eq "$old" "$(cat "$tokens/old/id")"
assert_eq '' "$(cat "$tokens/old/last_used_at")"
assert_eq shop "$(jq -r .name "$org/databases/shop/info.json")"
assert_eq "$old" "$(jq -r .id "$tokens/old/info.json")"
assert_eq acme "$(jq -r .name "$org/info.json")"
for json in "$org" "$org/databases/shop" "$tokens/ci" "$tokens/old"; do
	assert_eq "$(jq . "$json/info.json")" "$(cat "$json/info.json")" "$json/info.json"
done
assert_eq "$(jq -r .created_at "$tokens/old/info.json")" "$(cat "$tokens/old/created_at")"
assert_eq "$(jq -r '.actor_display_name // ""' "$tokens/old/info.json")" "$(cat "$tokens/old/created_by")"
assert_eq "$(jq -r '.id, .kind, .state, .created_at, .region.slug' "$org/databases/shop/info.json")" \
	"$(cd "$org/databases/shop" && cat id kind state created_at region)"
assert_eq $'ci\tread_branch' "$(cat "$org/databases/shop/access")"
for path in organization database; do
	awk -F '\t' 'NF != 2 || $1 !~ /^[a-z0-9_]+$/ { exit 1 }' "$mnt/.pscalefs/scopes/$path" || fail "scopes/$path"
	sort -c "$mnt/.pscalefs/scopes/$path"
done
grep -q '^read_branch	' "$mnt/.pscalefs/scopes/database"
grep -q '^read_organization	' "$mnt/.pscalefs/scopes/organization"

# Links lead where they say; a token's databases resolve beyond those that are listed.
assert_eq "$id" "$(cat "$org/by-id/$id/id")"
assert_eq read_branch "$(cat "$org/databases/shop/service-tokens/ci/databases/shop/permissions")"
assert_eq shop "$(ls "$tokens/ci/databases")"
assert_eq '' "$(cat "$tokens/ci/databases/blog/permissions")"
assert_gone "$tokens/ci/databases/nosuch"

# The state of the mount itself, and no secret in it.
status_text=$(cat "$mnt/.pscalefs/status")
assert_contains "$status_text" "$api_url" "$admin_id"
assert_lacks "$status_text" "$admin_secret"
awk '!/^[a-z][a-z_ -]*: /' "$mnt/.pscalefs/status" | { ! grep . || fail "not 'key: value'"; }

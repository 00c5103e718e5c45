#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What prunes empty directories deletes no token that has a permission or a secret here. What empties a
# token's directory, and fails before the token is gone, keeps its secret.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"

# A process each: none that reads from above removes anything.
prunings=(
	'find "$M" -depth -type d -exec rmdir {} \;'
	'find "$M" -depth -type d -exec rmdir {} +'
	'cd "$M" && find . -depth -type d -exec rmdir -p {} \;'
	'find "$M" -depth -type d | xargs -n1 rmdir'
	'find "$M" -depth -type d -print0 | xargs -0 -n1 rmdir --ignore-fail-on-non-empty'
	'find "$M" -depth -type d | while read -r d; do rmdir "$d"; done'
	'find "$M" -depth -type d | tac | while read -r d; do rmdir -p "$d"; done'
	'for d in "$M"/*/*/*/*/* "$M"/*/*/*/* "$M"/*/*/* "$M"/*/*; do rmdir "$d"; done'
	'find "$M" -depth -type d | while read -r d; do busybox rmdir "$d"; done'
	'find "$M" -depth -type d -empty -delete'
	'cd "$M"/acme/service-tokens && rmdir *'
	'cd "$M"/acme/service-tokens && ls | xargs -n1 python3 -c "import os, sys; os.removedirs(sys.argv[1])"'
)

start_emulator
for token in granted organization idle; do add_token "$token"; done
grant granted shop read_branch
grant organization '' read_organization
start_mount -o rate=0
mkdir "$tokens/secret"
secret=$(cat "$tokens/secret/token")

for pruning in "${prunings[@]}"; do
	! token_exists idle || delete_seen idle
	add_token idle
	refresh
	api_clear
	idle=$(token_id idle)
	run env M="$mnt" PATH="/usr/bin:/bin:$PATH" bash -c "$pruning"
	lost=$(changes | grep -v -x "DELETE $T/$idle" || true)
	[[ ! $lost ]] || fail "$pruning: $lost"
	[[ $pruning == *-empty* || $pruning == *"{} +" ]] || ! token_exists idle || fail "$pruning spared the idle one: $message"
	assert_eq "$secret" "$(cat "$tokens/secret/token")" "$pruning"
done

# Each empties one, as far as it gets. Not node's asynchronous fs.rm(): it removes in no order, and may begin
# with the secret's files, which then go as if they had been named.
removals=(
	'rm -r one'
	'rm -rf one'
	'busybox rm -r one'
	'find one -delete'
	'python3 -I -c "import shutil; shutil.rmtree(\"one\")"'
	'python3 -I -c "import shutil; shutil.rmtree(\"one\", ignore_errors=True)"'
	'perl -MFile::Path -e "rmtree(\"one\")"'
	'node -e "fs.rmSync(\"one\", {recursive: true})"'
	# It asks of each file that its user may not write, without a terminal too.
	'zsh -c "zmodload zsh/files; rm -r one"'
)

# still_there WHAT: the token, and its secret in all three files.
still_there() {
	token_exists one || fail "$1 deleted it"
	assert_eq "$secret" "$(cat "$tokens/one/token")" "$1"
	assert_contains "$(cat "$tokens/one/env" "$tokens/one/header")" "$secret"
}

printf 'y\n%.0s' {1..100} >"$work/yes"
allow_error .
for removal in "${removals[@]}"; do
	mkdir "$tokens/one"
	secret=$(cat "$tokens/one/token")
	id=$(token_id one)
	echo read_branch >>"$tokens/one/databases/shop/permissions"
	# What it may do cannot be revoked.
	fault DELETE "$T/$id/access" status=403 count=0
	run env -C "$tokens" PATH="/usr/bin:/bin:$PATH" bash -c "$removal" <"$work/yes"
	still_there "$removal"
	api_release
	# The token cannot be deleted.
	fault DELETE "$T/$id" status=403 count=0
	run env -C "$tokens" PATH="/usr/bin:/bin:$PATH" bash -c "$removal" <"$work/yes"
	still_there "$removal"
	assert_eq '' "$(scopes_of one shop)" "$removal"
	api_release
	# It is killed when what it may do is being revoked.
	echo read_branch >>"$tokens/one/databases/shop/permissions"
	api_clear
	hold DELETE "$T/$id/access"
	env -C "$tokens" --default-signal PATH="/usr/bin:/bin:$PATH" bash -c "$removal" <"$work/yes" >/dev/null 2>&1 &
	remover=$!
	wait_for requested DELETE "$T/$id/access"
	# The one in the file system: a child of the shell, or what the shell has become.
	child=$(pgrep -P "$remover" || echo "$remover")
	kill -KILL "$child"
	status_of "$remover"
	api_release
	still_there "$removal"
	# And now it works.
	run env -C "$tokens" PATH="/usr/bin:/bin:$PATH" bash -c "$removal" <"$work/yes"
	! token_exists one || fail "$removal: $message"
done

# Named, or listed and then picked out, the secret goes at once.
names=(
	'rm one/token'
	'rm one/*; rm one/token'
	'(cd one && rm token)'
	'find one -name token -delete'
	'find one -name token | xargs rm'
	'python3 -I -c "import os; [os.unlink(\"one/\" + f) for f in os.listdir(\"one\") if f == \"token\"]"'
)
for name in "${names[@]}"; do
	mkdir "$tokens/one"
	run env -C "$tokens" PATH="/usr/bin:/bin:$PATH" bash -c "$name"
	assert_gone "$tokens/one/token" "$tokens/one/env" "$tokens/one/header"
	rmdir "$tokens/one"
	! token_exists one || fail "$name"
done

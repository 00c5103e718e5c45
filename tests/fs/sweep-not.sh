#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Whoever names a token removes it, and whoever names one database's access takes that away: these are
# no sweeps.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"

# Each is run where the tokens are, and leaves the token "other" alone.
ways=(
	'rm -r ci'
	'rm -rf ci'
	'rm -r ci/'
	'busybox rm -r ci'
	'coreutils rm -rf ci' # without -f it asks whether to remove what may only be read
	'rm ci/databases/shop/permissions ci/permissions && rmdir ci/databases/shop ci/databases ci'
	'find . -mindepth 1 -maxdepth 1 -name ci -exec rm -r {} +'
	'find . -mindepth 1 -maxdepth 1 -atime +90 -exec rm -r {} +'
	'find . -mindepth 1 -maxdepth 1 -name ci | xargs rm -r'
	'find ci -delete'
	'find ci -depth \( -type d -exec rmdir {} \; -o -exec rm {} \; \)'
	'ls | while read -r token; do [[ $token == other ]] || rm -r "$token"; done'
	'for token in *; do [[ $token == other ]] || rm -r "$token"; done'
	'rm -rf !(other)'
	'exec rm -rf !(other)'
	'rm -r $(find . -mindepth 1 -maxdepth 1 -atime +90)'
	# -I: else it looks for modules in the directory above the token, and may not empty it then
	'python3 -I -c "import shutil; shutil.rmtree(\"ci\")"'
	'perl -MFile::Path -e "rmtree(\"ci\")"'
	'node -e "fs.rmSync(\"ci\", {recursive: true})"'
	'node -e "fs.rm(\"ci\", {recursive: true}, e => process.exitCode = e ? 1 : 0)"'
	# It asks of each file that its user may not write, without a terminal too.
	'zsh -c "zmodload zsh/files; rm -r ci"'
)

# Each deletes a token that may do nothing.
empty_ways=(
	'rmdir ci'
	'rmdir ci/'
	'rmdir ci/databases/shop ci/databases ci'
	'find . -mindepth 1 -maxdepth 1 -name ci -delete'
	'find . -mindepth 1 -maxdepth 1 -atime +90 -delete'
	'find . -mindepth 1 -maxdepth 1 -exec rmdir {} + 2>/dev/null || true'
	'ls | xargs rmdir 2>/dev/null || true'
	'for token in *; do rmdir "$token"; done 2>/dev/null || true'
	'python3 -c "import os; [os.rmdir(name) for name in os.listdir() if name != \"other\"]"'
	'gio remove ci'
)

# Each takes read_branch away, and nothing else.
takings=(
	'rm ci/databases/shop/permissions'
	'rm -r ci/databases/shop'
	'rm -rf ci/databases/shop/'
	'rm ci/databases/shop/permissions && rmdir ci/databases/shop'
	'busybox rm -r ci/databases/shop'
	'python3 -c "import os; os.unlink(\"ci/databases/shop/permissions\")"'
	# As Python 3.13, which lists the directory that it was started in to look for modules there.
	'python3 -c "import os; os.listdir(); os.unlink(\"ci/databases/shop/permissions\")"'
	'python3 -c "import os; os.listdir(\"..\"); os.listdir(\"ci\"); os.unlink(\"ci/databases/shop/permissions\")"'
	'perl -e "opendir(\$d, q(.)); readdir(\$d); unlink(q(ci/databases/shop/permissions)) or die \$!"'
	'node -e "fs.readdirSync(\".\"); fs.unlinkSync(\"ci/databases/shop/permissions\")"'
	'zsh -c "zmodload zsh/files; : *; rm ci/databases/shop/permissions"'
)

printf 'y\n%.0s' {1..100} >"$work/yes"
start_emulator
add_token other
grant other shop read_branch
start_mount -o rate=0
used=$(jq -n '{created_at: "2024-01-02T03:04:05.000Z", last_used_at: "2024-02-03T04:05:06.000Z"}')

empty_token() {
	api_data "$(jq '. + {op: "add-token", name: "ci"}' <<<"$used")"
	refresh
}

fresh_token() {
	empty_token
	grant ci shop read_branch
	grant ci '' read_organization
	refresh
}

# deletes_ci WAY
deletes_ci() {
	run env -C "$tokens" PATH="/usr/bin:/bin:$PATH" bash -O extglob -c "$1" <"$work/yes"
	! token_exists ci 2>/dev/null || fail "ci is still there after $1 ($status): $message"
	[[ $status -eq 0 ]] || fail "$1 ended with $status: $message"
	assert_eq read_branch "$(scopes_of other shop)" "$1"
}

for way in "${ways[@]}"; do
	fresh_token
	deletes_ci "$way"
	mkdir "$tokens/ci" # with a secret
	echo read_branch >>"$tokens/ci/databases/shop/permissions"
	[[ $way == *-atime* || $way == 'rm ci/'* ]] || deletes_ci "$way"
	! token_exists ci 2>/dev/null || rm -r "$tokens/ci"
done
for way in "${ways[@]}" "${empty_ways[@]}"; do
	empty_token
	deletes_ci "$way"
done

for way in "${takings[@]}"; do
	fresh_token
	(cd "$tokens" && PATH="/usr/bin:/bin:$PATH" bash -O extglob -c "$way") || fail "$way"
	assert_eq '' "$(scopes_of ci shop)" "$way"
	assert_eq read_organization "$(scopes_of ci)" "$way"
	assert_eq read_branch "$(scopes_of other shop)" "$way"
	delete_seen ci
done

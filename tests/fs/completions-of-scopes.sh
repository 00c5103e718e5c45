#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# In bash, zsh and fish, echo and printf complete the names of permissions where they write to a permissions
# file of a mount, those of its level, or run within a mount; also after - and after other names. The names are
# read from the mount, which costs no request. Anywhere else the two complete as always.
# shellcheck disable=SC2016,SC2088 # for another shell to expand
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/shells.bash"

mnt=$work/home/pscale tokens=$work/home/pscale/acme/service-tokens
start_emulator
add_token ci
touch "$work/home/here/the-file"

# stays TYPED [KEY…]: a tab adds nothing before the next letter.
stays() {
	types "$1"
	"${terminal[@]}" send-keys "${@:2}" Tab
	"${terminal[@]}" send-keys -l '#'
	assert_shows "> $1#"
	clears
}

# at_word TYPED REST SHOWN: the tab after TYPED, where REST follows.
at_word() {
	local back=() i
	for ((i = 0; i < ${#2}; i++)); do back+=(Left); done
	completes "$1$2" "$3$2" "${back[@]}"
}

completes_names() {
	local ci='~/pscale/acme/service-tokens/ci'
	start_mount
	stat "$tokens/ci/databases/shop" >"$work/stat" # to come here costs requests
	api_clear

	# What it writes to stands before the word.
	completes "echo >> $ci/databases/shop/permissions read_br" "echo >> $ci/databases/shop/permissions read_branch"
	completes "printf '%s\n' > $ci/databases/shop/permissions -connect_b" \
		"printf '%s\n' > $ci/databases/shop/permissions -connect_branch"
	completes "echo > $ci/permissions read_orga" "echo > $ci/permissions read_organization"
	completes "echo >> \"$mnt/acme/service-tokens/ci/permissions\" write_team" \
		"echo >> \"$mnt/acme/service-tokens/ci/permissions\" write_teams"
	stays "echo >> $ci/databases/shop/permissions read_orga"
	stays "echo >> $ci/permissions connect_b"
	stays "echo >> $ci/databases/shop/permissons connect_b"
	stays 'echo >> ~/here/permissions connect_b'
	stays "echo 2> $ci/databases/shop/permissions connect_b"
	stays "echo connect_b"
	does "export TOKEN=$mnt/acme/service-tokens/ci"
	completes 'echo >> $TOKEN/permissions write_team' 'echo >> $TOKEN/permissions write_teams'
	if [[ $shell != fish* ]]; then
		local after=''
		[[ $shell == bash* ]] || after=' ' # for the next name
		at_word 'echo read_br' " >> $ci/databases/shop/permissions" 'echo read_branch'
		at_word 'true; echo -read_br' " >$ci/databases/shop/permissions; true" 'true; echo -read_branch'
		at_word "echo '-read_br" "' >>$ci/databases/shop/permissions" "echo '-read_branch$after"
	fi

	# Within a mount.
	does 'cd ~/pscale/acme/service-tokens/ci/databases/shop'
	completes 'echo connect_b' 'echo connect_branch'
	completes 'echo -connect_b' 'echo -connect_branch'
	completes 'echo +connect_b' 'echo +connect_branch'
	completes 'echo read_branch -connect_b' 'echo read_branch -connect_branch'
	completes 'echo read_branch,-connect_b' 'echo read_branch,-connect_branch'
	completes "echo 'read_branch -connect_b" "echo 'read_branch -connect_branch'"
	completes 'echo > permissions connect_b' 'echo > permissions connect_branch'
	completes 'echo > ../blog/permissions connect_b' 'echo > ../blog/permissions connect_branch'
	completes 'echo > ../../permissions write_team' 'echo > ../../permissions write_teams'
	stays 'echo > ~/here/permissions connect_b'
	assert_requests

	# What is completed anyway.
	completes 'echo per' 'echo permissions'
	completes 'echo connect_branch > per' 'echo connect_branch > permissions'
	completes 'cat per' 'cat permissions'
	does 'cd ~/here'
	completes 'echo the-f' 'echo the-file'
	completes 'echo -n the-f' 'echo -n the-file'
	completes 'echo > the-f' 'echo > the-file'
	completes "printf '%s\n' the-f" "printf '%s\n' the-file"
	[[ $shell != bash* ]] || completes 'echo $BASHPI' 'echo $BASHPID'
	assert_changes
	assert_eq '' "$(cat "$mnt/.pscalefs/errors")"

	# The directory goes away.
	does 'cd ~/pscale/acme/service-tokens/ci'
	fusermount3 -u -z "$mnt"
	stays 'echo connect_b'
	does 'cd ~/here'
	reap_daemon
}
each_shell completes_names

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What ansible's modules for files write is granted, or the task fails and everything stays what it was; nothing
# is lost for a moment. One run of a playbook for all, since it takes seconds to start.
. "$(dirname "$0")/lib.sh"

# task MODULE PATH ARGUMENTS: once with a scope that there is, once with one that PlanetScale refuses. It renames
# a file over PATH, in the token MODULE-granted or MODULE-refused.
tasks=()
task() {
	local name scope
	for name in "$1-granted" "$1-refused"; do
		add_token "$name"
		grant "$name" shop create_branch read_branch
		tasks+=("$name")
		[[ $name == *-granted ]] && scope=delete_branch || scope=nonsense
		printf '  - name: %s\n    ignore_errors: true\n    vars: {scope: %s}\n    %s: {%s: %s, %s}\n' "$name" "$scope" \
			"$1" "$2" "$tokens/$name/databases/shop/permissions" "$3" >>"$work/play.yml"
	done
}

start_emulator
printf '%s\n' '- hosts: localhost' '  connection: local' '  gather_facts: false' '  tasks:' >"$work/play.yml"
printf '%s\n' '{{ scope }}' read_branch >"$work/template.j2"
task copy dest 'content: "{{ scope }}\nread_branch\n"'
task template dest "src: $work/template.j2"
task lineinfile path 'regexp: create_branch, line: "{{ scope }}", backup: true'
task blockinfile path 'block: "{{ scope }}", backup: true'
start_mount -o rate=0
api_clear

run env -C "$work" HOME="$work/home" LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 ansible-playbook -i localhost, play.yml
[[ $status -eq 0 && $output == *ignored=4* ]] || fail "ansible-playbook ended with $status: $message $output"

# result NAME: what it prints of a task.
result() { awk -v RS= -v task="TASK [$1] " 'index($0, task) == 1' <<<"$output"; }

for name in "${tasks[@]}"; do
	granted='delete_branch read_branch' said='changed: '
	case $name in
	*-refused) granted='create_branch read_branch' said='Bad message' ;;
	blockinfile-*) granted='create_branch delete_branch read_branch' ;; # it adds
	esac
	assert_contains "$(result "$name")" "$said"
	assert_eq "$granted" "$(scopes_of "$name" shop)" "$name"
done
assert_eq create_branch "$(api_events | jq -r '[.[].removed[]] | unique | join(" ")')"

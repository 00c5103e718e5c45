#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# No tool that walks down from above and removes everything removes a token or a right: each is told
# EPERM, says so as far as it says anything, and PlanetScale is asked for no change.
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"

# Mounted below a home that is worth losing, beside an ordinary file and a repository.
mnt=$work/home/pscale

start_emulator
for token in one two; do
	add_token "$token"
	grant "$token" '' read_organization
	grant "$token" shop read_branch
done
start_mount -o rate=0
before=$(holdings)
api_clear

# Each: how the tool ends, how many lines of errors it fills however much it tries (none, where the
# kernel or the tool itself refuses), and a command; HOME is the home, M the mount, W a place outside.
sweeps=(
	'1 1 rm -rf $M'
	'1 1 rm -rf $HOME'
	'1 1 rm -rf $M/*'
	'1 1 rm -rf $M/acme'
	'1 1 rm -rf $M/acme/service-tokens'
	'1 1 rm -rf $M/acme/service-tokens/'
	'1 1 rm -rf $M/acme/databases'
	'1 1 busybox rm -rf $M'
	'1 1 busybox rm -rf $HOME'
	'1 1 coreutils rm -rf $M'
	'1 1 coreutils rm -rf $M/acme/service-tokens'
	'1 1 find $M -delete'
	'1 1 find $HOME -delete'
	'1 1 find $M/acme/service-tokens -mindepth 1 -delete'
	'1 1 find $M -type f -delete'
	'1 1 git -C $HOME clean -ffdxq'
	'23 1 rsync -a --delete $W/empty/ $M/'
	'23 1 rsync -a --delete --delete-before --ignore-errors $W/empty/ $M/acme/service-tokens/'
	'1 1 python3 -c "import os, shutil; shutil.rmtree(os.environ[\"M\"])"'
	'0 1 python3 -c "import os, shutil; shutil.rmtree(os.environ[\"M\"], ignore_errors=True)"'
	'0 1 python3 -c "import os, shutil; shutil.rmtree(os.environ[\"HOME\"], ignore_errors=True)"'
	'1 0 node -e "fs.rmSync(process.env.M, {recursive: true, force: true})"'
	'1 1 node -e "fs.rmSync(process.env.M + \"/acme\", {recursive: true, force: true})"'
	'1 1 node -e "fs.rmSync(process.env.M + \"/acme/service-tokens\", {recursive: true, force: true})"'
	'0 1 perl -MFile::Path -e "rmtree(\$ENV{M})"'
	'1 0 gio trash $M'
	'1 1 gio trash $M/acme'
	'1 1 gio trash $M/acme/service-tokens'
	'1 1 gio trash $M/acme/service-tokens/one'
	'1 1 mv $M/acme $W/elsewhere'
	'1 1 mv $M/acme/service-tokens $W/elsewhere'
	'1 0 mv $M $W/elsewhere'
	'2 1 tar cf $W/t --remove-files -C $M acme'
	'0 1 zsh -c "zmodload zsh/files; rm -rf \$M"'
	'255 1 emacs --batch --eval "(delete-directory (getenv \"M\") t)"'
	'1 1 find $M/acme/service-tokens -name permissions -delete'
	'1 1 find $M/acme/service-tokens -depth -type d -delete'
	'1 1 python3 -c "import os
for d, _, files in os.walk(os.environ[\"M\"]):
    for f in files: os.unlink(os.path.join(d, f))"'
	'1 1 python3 -c "import os
for d, _, files, fd in os.fwalk(os.environ[\"M\"] + \"/acme/service-tokens\", topdown=False):
    for f in files:
        if f == \"permissions\": os.unlink(f, dir_fd=fd)"'
	# As Python 3.13, which lists the directory that it was started in.
	'1 1 cd $M/acme/service-tokens && python3 -c "import os, shutil; os.listdir(); shutil.rmtree(\"one\")"'
	'1 1 python3 -c "import os, shutil; os.listdir(os.environ[\"M\"]); shutil.rmtree(os.environ[\"M\"] + \"/acme/service-tokens/one/databases\")"'
)

wrong=0
complain() {
	wrong=$((wrong + 1))
	echo "$*" >&2
}

error_lines() { wc -l <"$mnt/.pscalefs/errors"; }

# survives STATUS LINES COMMAND
survives() {
	local lines
	mkdir -p "$work/w/empty" "$work/home/.git" # what came before may have taken it away
	git -C "$work/home" init -q
	echo text >"$work/home/file"
	rm -rf "$work/w/elsewhere"
	lines=$(error_lines)
	run env HOME="$work/home" M="$mnt" W="$work/w" PATH="/usr/bin:/bin:$PATH" bash -c "$3"
	[[ $(control GET /log/changes) == '[]' ]] || fail "$3 changed: $(changes)"
	lines=$(($(error_lines) - lines))
	printf '%s\t%s\t%s\t%s\n' "${3//$'\n'/ }" "$status" "$lines" "$(head -n 1 <<<"$message")" >>"$work/table"
	[[ $status -eq $1 ]] || complain "$3 ended with $status, not $1: $message"
	[[ $lines -eq $2 ]] || complain "$3: $lines lines of errors"
	[[ $lines -eq 0 ]] || assert_contains "$(errors_last)" EPERM
}

for sweep in "${sweeps[@]}"; do
	status_wanted=${sweep%% *} what=${sweep#* * } # which may be of several lines
	lines_wanted=${sweep#* } lines_wanted=${lines_wanted%% *}
	survives "$status_wanted" "$lines_wanted" "$what"
done
[[ ! ${ROWS_RESULTS-} ]] || cat "$work/table" >>"$ROWS_RESULTS"
assert_eq "$before" "$(holdings)"
[[ $wrong -eq 0 ]] || fail "$wrong complaints"

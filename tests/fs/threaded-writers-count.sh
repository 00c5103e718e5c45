#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a program of many threads wrote counts when it ends by itself, though the kernel ends its other
# threads with SIGKILL; when a signal ends it, nothing is revoked for what it left out.
#
#   PSCALEFS_WRITER_RUNS=N  each so many times (5)
# shellcheck disable=SC2016 # the commands are expanded by the shell that runs them
. "$(dirname "$0")/lib.sh"

runs=${PSCALEFS_WRITER_RUNS:-5}
few=$(((runs + 4) / 5)) # where another row differs little
threaded=$build/tests/threaded-writer

# Each writes read_branch and ends.
writers=(
	'threaded main exit read_branch'
	'threaded main exit "read_branch
"'
	'threaded thread exit read_branch'
	'threaded alone exit "read_branch
"'
	'node -p "\"read_branch\""'
	'node -e "process.stdout.write(\"read_branch\")"'
	'node -e "process.stdout.write(\"read_branch\n\"); process.exit()"'
	'python3 -c "
import threading
for i in range(8): threading.Thread(target=threading.Event().wait, daemon=True).start()
print(\"read_branch\")"'
)

# These are rows where they are installed; Go's only if more runs are asked for, as by tests/long, because its own
# library is compiled first, for 20 s of CPU.
if [[ ${PSCALEFS_WRITER_RUNS-} ]] && command -v go >/dev/null; then
	cat >"$work/writer.go" <<-'GO'
		package main

		import (
			"fmt"
			"time"
		)

		func main() {
			for i := 0; i < 8; i++ {
				go func() { time.Sleep(time.Hour) }()
			}
			fmt.Println("read_branch")
		}
	GO
	HOME=$work/home GOCACHE=$work/go GO111MODULE=off GOTOOLCHAIN=local \
		go build -o "$work/go-writer" "$work/writer.go"
	writers+=("$work/go-writer")
fi
if command -v javac >/dev/null; then
	echo 'class Writer { public static void main(String[] a) { System.out.println("read_branch"); } }' \
		>"$work/Writer.java"
	javac -d "$work" "$work/Writer.java"
	writers+=("java -XX:TieredStopAtLevel=1 -cp $work Writer")
fi

start_emulator
add_token ci
start_mount -o rate=0
file=$tokens/ci/databases/shop/permissions
threaded() { "$threaded" "$@"; }
export -f threaded
export threaded file

for writer in "${writers[@]}"; do
	for _ in $(seq "$runs"); do
		echo create_branch read_branch >>"$file"
		bash -c "$writer"' >"$file" && sync "$file"' || fail "$writer ended with $?"
		assert_eq read_branch "$(scopes_of ci shop)" "$writer"
	done
done

# An unfinished last line is one.
echo create_branch >"$file"
sync "$file"
"$threaded" main exit delete_branch >"$file"
sync "$file"
assert_eq delete_branch "$(scopes_of ci shop)"

# create-token: a token a line, also an unfinished one.
for i in $(seq "$runs"); do
	"$threaded" main exit "main$i" >"$org/create-token"
	"$threaded" thread exit "thread$i" >"$org/create-token"
	token_exists "main$i" || fail "no token main$i"
	token_exists "thread$i" || fail "no token thread$i"
done

# really_kill SIGNAL WHICH RUNS: the writer has written one line, and its text leaves create_branch out.
really_kill() {
	local writer
	for _ in $(seq "$3"); do
		echo create_branch >"$file"
		sync "$file"
		(
			ulimit -c "$core"
			cd "$work"
			exec env --default-signal "$threaded" "$2" wait $'read_branch\n' >"$file"
		) &
		writer=$!
		wait_for wrote
		kill -"$1" "$writer"
		status_of "$writer"
		[[ $status -gt 128 ]] || fail "$1 did not kill it: $status"
		: >>"$file" # a commit under way would make this open wait
		assert_eq 'create_branch read_branch' "$(scopes_of ci shop)" "$1 $2"
	done
}
wrote() { [[ $(scopes_of ci shop) == *read_branch* ]]; }

core=0
for signal in TERM KILL INT HUP QUIT PIPE ABRT SEGV; do
	really_kill "$signal" main "$runs"
	really_kill "$signal" thread "$few"
	really_kill "$signal" alone "$few"
done
# With a core dump the exit code has one bit more.
core=unlimited
really_kill QUIT main "$few"
really_kill SEGV thread "$few"

# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What tests/run and tests/long/fuzz.sh share; sourced with the root of the sources as directory.
#
# Corpora are only read: what a run finds goes to a directory of its own, and an input that breaks
# something to $fuzz_build/artifacts, where it stays.

fuzz_build=${PSCALEFS_FUZZ_BUILD:-build-fuzz}

# A fuzzer, the slowest first; executions of a short run; bytes of the longest input. The oracle's own
# sequences (unit/oracle-ops) are the same each time, so most of a short run's time goes to them.
fuzz_table='
ops         30000   200
names       80000   280
options     100000  256
oracle      4000    300
credential  150000  512
decode      200000  1024
proc        200000  512
grammar     300000  512
header      700000  200
'

fuzz_names() { awk 'NF { print $1 }' <<<"$fuzz_table"; }
fuzz_runs() { awk -v name="$1" '$1 == name { print $2 }' <<<"$fuzz_table"; }

# fuzz_compile JOBS
fuzz_compile() {
	[[ -f $fuzz_build/build.ninja ]] ||
		CC=clang meson setup -Dfuzz=true -Demulator=disabled "$fuzz_build" || return
	ninja -C "$fuzz_build" -j "$1" fuzzers
}

# fuzz NAME RUNS SEED FOUND [OPTION…]: what is new goes to the directory FOUND. Fails if a property
# is broken, and if it ended before its time.
fuzz() {
	local name=$1 runs=$2 seed=$3 found=$4 status=0 same_addresses=() length log artifact
	log=$found/log
	length=$(awk -v name="$name" '$1 == name { print $3 }' <<<"$fuzz_table")
	mkdir -p "$found/new" "$fuzz_build/artifacts"
	# Addresses are compared in what is tested, and so lead libFuzzer: the same ones each time, where
	# that is allowed.
	! setarch --addr-no-randomize true 2>/dev/null || same_addresses=(setarch --addr-no-randomize)
	# Without -entropic=0 a quarter of the time goes to weighing the inputs against each other.
	"${same_addresses[@]}" "$fuzz_build/tests/fuzz/fuzz-$name" -runs="$runs" -seed="$seed" \
		-max_len="$length" -timeout=25 -reload=0 -entropic=0 -print_final_stats=1 \
		-artifact_prefix="$fuzz_build/artifacts/$name-" "${@:5}" \
		"$found/new" "tests/fuzz/corpus/$name" >"$log" 2>&1 || status=$?
	awk -v name="$name" -v runs="$runs" '
		/number_of_executed_units/ { n = $2 }
		/average_exec_per_sec/ { rate = $2 }
		END {
			printf "%s: %d executions, %d a second\n", name, n, rate
			if (n < runs) { print name ": ended before " runs " executions"; exit 1 }
		}' "$log" || [[ $status -ne 0 ]] || return 1
	[[ $status -ne 0 ]] || return 0
	grep -avE '^#[0-9]+[[:blank:]]+(NEW|REDUCE|pulse)|# Uses:' "$log" | tail -n 60
	artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	[[ ! $artifact ]] || printf 'the input: %s\nin base64: %s\n' "$artifact" "$(base64 -w 0 "$artifact")"
	return 1
}

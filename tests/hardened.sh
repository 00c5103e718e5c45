#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# hardened.sh PROGRAM [OBJECTS]: was this program linked, and were these objects (a directory)
# compiled, with what Debian's hardening=+all gives? Says what is missing.
set -euo pipefail
export LC_ALL=C

program=$1 objects=${2-}

complaints=0
complain() {
	echo "$program: $*"
	complaints=$((complaints + 1))
}

# has TEXT PATTERN WHAT
has() { grep -q -E -e "$2" <<<"$1" || complain "no $3"; }

header=$(readelf -hW "$program")
dynamic=$(readelf -dW "$program")
segments=$(readelf -lW "$program")
symbols=$(readelf -W --dyn-syms "$program")

has "$header" 'Type: +DYN' 'position-independent executable'
has "$dynamic" 'FLAGS_1.*\bPIE\b' 'flag PIE'
has "$segments" '\bGNU_RELRO\b' 'read-only relocations'
has "$dynamic" '\bBIND_NOW\b|FLAGS_1.*\bNOW\b' 'binding at the start, so relocations are only partly read-only'
has "$symbols" '\b__(memcpy|snprintf|vsnprintf)_chk\b' 'function of _FORTIFY_SOURCE'
has "$symbols" '\b__stack_chk_fail\b' 'stack protector'
! grep -q -E 'GNU_STACK.*RWE' <<<"$segments" || complain "executable stack"

# The linker drops the mark of control-flow protection when an object of the C library lacks it, so
# ours are asked.
if [[ $objects && $(uname -m) == x86_64 ]]; then
	code=$(objdump -d --no-show-raw-insn "$program")
	# shellcheck disable=SC2016 # the dollar is the assembler's
	has "$code" 'or[bq] +\$0x0,.*\(%rsp' 'probe of the stack for large frames'
	for object in "$objects"/*.o; do
		notes=$(readelf -nW "$object" 2>/dev/null)
		[[ $notes == *IBT*SHSTK* ]] || complain "$object without control-flow protection"
	done
fi

[[ $complaints -eq 0 ]]

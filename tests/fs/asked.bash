# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
#
# asked_by COMMAND…: what the daemon, mounted with -d, is asked by a command, as words. The file
# $work/asked has them all, in their order. To be sourced after lib.sh.
asked_by() {
	local before
	before=$(wc -l <"$log")
	"$@" >/dev/null
	tail -n "+$((before + 1))" "$log" | sed -n 's/^pscalefs: debug: \([a-z]*\), node .*/\1/p' >"$work/asked"
	sort -u "$work/asked"
}

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# PSCALEFS_ORACLE_SEQUENCES (1,000,000) sequences without a kernel, in two processes, and a tenth of that on a
# mount: see tests/fs/oracle-short.sh. The seed is PSCALEFS_ORACLE_SEED (1).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
# Without sanitizers it is ten times as fast; the short test has them.
ops=${PSCALEFS_RELEASE_BUILD:-$root/build-release}/tests/oracle/oracle-ops
sequences=${PSCALEFS_ORACLE_SEQUENCES:-1000000}
seed=${PSCALEFS_ORACLE_SEED:-1}
half=$((sequences / 2))

out=$(mktemp -d "${TMPDIR:-/tmp}/pscalefs-oracle.XXXXXX")
trap 'rm -rf "$out"' EXIT

failed=0
for first in 0 "$half"; do
	"$ops" --seed="$seed" --first="$first" --sequences="$half" >"$out/$first" 2>&1 &
done
for _ in 1 2; do wait -n || failed=1; done
[[ $failed -eq 0 ]] || cat "$out/0" "$out/$half"

PSCALEFS_PATIENCE=20 PSCALEFS_ORACLE_SEED=$seed PSCALEFS_ORACLE_SEQUENCES=$((sequences / 10)) \
	PSCALEFS_ORACLE_SECONDS=2400 bash "$root/tests/fs/oracle-short.sh" || failed=1
exit "$failed"

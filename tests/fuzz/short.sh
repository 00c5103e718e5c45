#!/usr/bin/env bash
#
# 20,000 executions of each fuzzer, and at most 20 s of each.
set -euo pipefail
export PSCALEFS_FUZZ_RUNS=20000 PSCALEFS_FUZZ_SECONDS=20
exec bash "$(dirname "$0")/../long/fuzz.sh"

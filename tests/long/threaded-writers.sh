#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a program of many threads wrote counts, and what a killed one wrote does not: more runs, because the order in
# which the kernel ends threads is never the same. See tests/fs/threaded-writers-count.sh.
set -euo pipefail

export PSCALEFS_PATIENCE=10 PSCALEFS_WRITER_RUNS=${PSCALEFS_WRITER_RUNS:-20}
exec bash "$(dirname "$0")/../fs/threaded-writers-count.sh"

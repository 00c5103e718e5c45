# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the tests read, and what lib.sh sets
#
# For tests of `pscalefs run`, instead of lib.sh: an emulator, the command, and a directory of its own for
# temporary ones.

# The namespace that pscalefs run makes would keep what other tests have mounted.
[[ $EUID -ne 0 ]] || . "$(dirname "$0")/private.bash"
. "$(dirname "$0")/lib.sh"

mkdir "$work/tmp"
credential+=("TMPDIR=$work/tmp" "work=$work")
start_emulator
set_command

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The README's tour, replayed on the sample that it was taken on.
. "$(dirname "$0")/lib.sh"
. "$root/tests/examples.sh"

start_emulator --sample
mnt=$work/home/pscale
start_mount
allow_error .

tour=$(readme_transcripts "$root/README.md")
assert_contains "$tour" '$ mkdir' '$ rm -r' # it was found
assert_eq "$(mask <<<"$tour")" "$(run_transcript "$tour" | mask)"

# The recording is of the same tour.
typed() { sed -n 's/^\$ \(.\)/\1/p'; }
assert_eq "$(typed <<<"$tour")" "$(jq -rs '.[1:] | map(.[2]) | add' "$root/contrib/tour.cast" | tr -d '\r' | typed)"

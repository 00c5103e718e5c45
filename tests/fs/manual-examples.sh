#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The examples of pscalefs(5) do what the page shows.
. "$(dirname "$0")/lib.sh"
. "$root/tests/examples.sh"

start_emulator
add_token ci
add_token old-jenkins created_at='"2024-01-02T03:04:05.000Z"' last_used_at='"2024-02-03T04:05:06.000Z"'
grant ci shop read_branch connect_branch
grant old-jenkins shop delete_branch
mnt=$work/home/pscale
start_mount
allow_error .

examples=$(manual_transcripts "$root/src/man/pscalefs.5" EXAMPLES)
# The only thing that is not as on the page: whom to ask.
happened=$(run_transcript "${examples//https:\/\/api.planetscale.com/$api_url}")
assert_eq "$(mask <<<"$examples")" "$(mask <<<"${happened//$api_url/https://api.planetscale.com}")"
assert_contains "$examples" '$ mkdir' '$ rm -r' # the page was read

# Of pscalefs(1): a credentials file, made in one mount, is good for another.
example=$(manual_transcripts "$root/src/man/pscalefs.1" EXAMPLES |
	sed -n '/^\$ cd ~\/pscale\/acme\/service-tokens$/,/host7[.]credentials/p')
assert_contains "$example" '$ mkdir host7'
assert_eq "$example" "$(run_transcript "$example")"
stop_mount
credential=()
start_mount -o credentials="$work/home/host7.credentials"
assert_eq $'ci\ndeploy\nhost7\nnight-build' "$(ls "$mnt/acme/service-tokens")"
assert_eq $'blog\nshop' "$(ls "$mnt/acme/databases")"
mkdir "$mnt/acme/service-tokens/other"
rm -r "$mnt/acme/service-tokens/other"

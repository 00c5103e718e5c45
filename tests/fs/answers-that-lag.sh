#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Reads answer what was so two seconds ago: what this mount has had confirmed counts, and what it asks
# for is done.
. "$(dirname "$0")/lib.sh"
start_emulator
add_token ci
grant ci shop create_branch read_branch
start_mount
F=$tokens/ci/databases/shop/permissions

reads() { api_count GET "$T*"; }

# Asked again, a few times, until an answer agrees.
api_switch read_lag_ms 2000
api_clear
echo -read_branch >>"$F"
assert_eq create_branch "$(scopes_of ci shop)"
assert_eq create_branch "$(cat "$F")" 'what was revoked'
assert_changes "DELETE $T/$(token_id ci)/access $(access_body shop read_branch)"
[[ $(reads) -le 6 ]] || fail "$(reads) reads for one change"

# An answer of the POST's that confirms nothing.
api_switch access_post_answer empty
api_clear
echo read_branch >>"$F"
assert_eq 'create_branch read_branch' "$(scopes_of ci shop)"
assert_eq $'create_branch\nread_branch' "$(cat "$F")"
assert_changes "POST $T/$(token_id ci)/access $(access_body shop read_branch)"
[[ $(reads) -le 6 ]] || fail "$(reads) reads for one change"
api_switch access_post_answer full

# Own grants count when it is reckoned what is left out.
echo delete_branch >>"$F" && echo read_branch >"$F" && sync "$F"
assert_eq read_branch "$(scopes_of ci shop)"
assert_eq read_branch "$(cat "$F")"

# Somebody else has granted what nobody here has heard of: a revocation by name is sent.
grant ci shop delete_branch
echo -delete_branch >>"$F"
assert_eq read_branch "$(scopes_of ci shop)"

# It is still granted when all are asked that there are: granted for all databases, say.
api_switch read_lag_ms 0
api_data "$(json op=grant "token=$(text "$(token_id ci)")" bulk=true 'access=["write_database"]')"
refresh
api_clear
assert_fails 'Remote I/O error' append "$F" -write_database
assert_contains "$(errors_last)" 'still granted' 'for all databases'
[[ $(reads) -le 6 ]] || fail "$(reads) reads for one change"

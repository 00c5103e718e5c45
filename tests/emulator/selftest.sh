#!/bin/bash
# SPDX-License-Identifier: MIT
# selftest.sh [EMULATOR] — the emulator does what its --help says.
#
# Endpoints and shapes, credentials, the order of checks, paging, violations,
# switches, faults, data changes, TLS, state files, load.

# shellcheck disable=SC2016,SC2030,SC2031,SC2317,SC2329
# shellcheck source=tests/emulator/checks.sh
. "$(dirname "$0")/checks.sh"

ORG=/v1/organizations/acme
TOKENS=$ORG/service-tokens

# missing KEY... — which of the keys the answer lacks
missing() {
	jq -r --args '. as $o | $ARGS.positional[] | select(. as $k | $o | has($k) | not)' "$@" \
		<<<"$BODY" | tr '\n' ' '
}

# new_token [SCOPE]... — a token with these permissions of the organization; $ID, $SECRET
new_token() {
	local AUTH="Bearer $BEARER" names

	call POST "$TOKENS" '{"name":"made"}'
	ID=$(jq -r .id <<<"$BODY")
	SECRET=$(jq -r .token <<<"$BODY")
	[ $# -gt 0 ] || return
	names=$(jq -nc --args '$ARGS.positional' "$@")
	call POST "$TOKENS/$ID/access" "{\"database\":\"\",\"access\":$names}"
}

# grant DATABASE SCOPE — to $ID
grant() {
	call POST "$TOKENS/$ID/access" "{\"database\":\"$1\",\"access\":[\"$2\"]}"
}

revoke() {
	call DELETE "$TOKENS/$ID/access" "{\"database\":\"$1\",\"access\":[\"$2\"]}"
}

check_endpoints() {
	call GET /v1/organizations
	is 'list organizations' '200 ["acme"]' "$STATUS $(field '[.data[].name]')"
	is 'that list has no totals' null "$(field .total_count)"
	is 'its wrapper is complete' '' \
		"$(missing type current_page per_page next_page next_page_url prev_page prev_page_url data)"
	call GET "$ORG"
	is 'get organization' '200 "Organization"' "$STATUS $(field .type)"
	is 'an organization has all required keys' '' "$(missing id name billing_email created_at \
		updated_at plan valid_billing_info sso sso_directory single_tenancy managed_tenancy \
		database_count features idp_managed_roles invoice_budget_amount keyspace_shard_limit \
		has_card payment_info_required)"
	AUTH="Bearer $BEARER" call PATCH "$ORG" '{"billing_email":"x@acme.test"}'
	is 'change organization' '200 "x@acme.test"' "$STATUS $(field .billing_email)"
	call PATCH "$ORG" '{"billing_email":"y@acme.test"}'
	is 'a service token may not change it' 403 "$STATUS"
	AUTH="Bearer $BEARER" call PATCH "$ORG" '{"billing_email":"nonsense"}'
	is 'a bad value is unprocessable' '422 "unprocessable"' "$STATUS $(field .code)"
	AUTH="Bearer $BEARER" call GET /v1/user
	is 'user' '200 "User"' "$STATUS $(field .type)"
	call GET /v1/user
	is 'a service token has no user' '401 "unauthorized"' "$STATUS $(field .code)"
}

check_databases() {
	call GET "$ORG/databases"
	is 'list databases by name' '200 ["db-1","db-2","db-3","db-4"] 4 1' \
		"$STATUS $(field '[.data[].name]') $(field .total_count) $(field .total_pages)"
	call GET "$ORG/databases?q=B-2"
	is 'search databases' '["db-2"]' "$(field '[.data[].name]')"
	call POST "$ORG/databases" '{"name":"fresh","cluster_size":"PS_10","kind":"postgresql"}'
	is 'create database' '201 "postgresql"' "$STATUS $(field .kind)"
	is 'a database has all required keys' '' "$(missing id url branches_url branches_count \
		open_schema_recommendations_count development_branches_count \
		production_branches_count multiple_admins_required_for_deletion ready \
		at_backup_restore_branches_limit at_development_branch_usage_limit region html_url \
		name state sharded default_branch_shard_count default_branch_read_only_regions_count \
		default_branch_table_count default_branch require_approval_for_deploy \
		deletion_protected resizing resize_queued config_changing config_change_queued \
		allow_data_branching foreign_keys_enabled restrict_branch_region \
		insights_raw_queries plan insights_enabled production_branch_web_console created_at \
		updated_at schema_last_updated_at kind)"
	call POST "$ORG/databases" '{"name":"fresh","cluster_size":"PS_10"}'
	is 'a taken name is unprocessable' 422 "$STATUS"
	call POST "$ORG/databases" '{"name":"other"}'
	is 'so is a missing cluster size' 422 "$STATUS"
	call PATCH "$ORG/databases/fresh" '{"new_name":"fresher","deletion_protected":true}'
	is 'rename database' '200 "fresher"' "$STATUS $(field .name)"
	call DELETE "$ORG/databases/fresher"
	is 'a protected database stays' 422 "$STATUS"
	call PATCH "$ORG/databases/fresher" '{"deletion_protected":false}'
	switch db_delete 202
	call DELETE "$ORG/databases/fresher"
	is 'db_delete=202 asks a second admin' '202 true' "$STATUS $(field 'has("actor")')"
	switch db_delete 204
	call DELETE "$ORG/databases/fresher"
	is 'delete database' '204 ' "$STATUS $BODY"
	call GET "$ORG/databases/fresher"
	is 'then it is gone' '404 {"code":"not_found","message":"Not Found"}' "$STATUS $BODY"
	switch db_pending_ms 600000
	call POST "$ORG/databases" '{"name":"slow","cluster_size":"PS_10"}'
	is 'db_pending_ms' '"pending" false' "$(field .state) $(field .ready)"
	switch db_pending_ms 0
	call GET "$ORG/databases/slow"
	is 'and ready later' '"ready"' "$(field .state)"
	call DELETE "$ORG/databases/slow"
}

check_audit_log() {
	local LOG=$ORG/audit-log cursor

	control POST /data '{"op":"add-event","count":120,"audit_action":"branch.created"}' >/dev/null
	call POST "$TOKENS" '{"name":"logged"}'
	ID=$(jq -r .id <<<"$BODY")
	grant '' read_organization
	call GET "$LOG"
	is 'audit log, newest first' '200 25 true false "service_token.granted_access" "logged"' \
		"$STATUS $(field '.data | length') $(field .has_next) $(field .has_prev) $(
			field '.data[0].audit_action') $(field '.data[0].target_display_name')"
	is 'an event has all required keys' '' "$(BODY=$(field '.data[0]') missing id actor_id actor_type \
		auditable_id auditable_type target_id target_type location target_display_name \
		audit_action action actor_display_name auditable_display_name remote_ip created_at \
		updated_at metadata)"
	is 'who granted, and what' '"ServiceToken" ["read_organization"]' \
		"$(field '.data[0].actor_type') $(field '.data[0].metadata.access')"
	cursor=$(field .cursor_end | tr -d '"')
	call GET "$LOG?limit=100&starting_after=$cursor"
	is 'the next page' '97 false true' "$(field '.data | length') $(field .has_next) $(field .has_prev)"
	is 'it does not begin with its cursor' false "$(field ".data[0].id == \"$cursor\"")"
	switch audit_after inclusive
	call GET "$LOG?starting_after=$cursor"
	is 'audit_after' true "$(field ".data[0].id == \"$cursor\"")"
	switch audit_after exclusive
	call GET "$LOG?starting_after=nothing"
	is 'an unknown cursor is refused' 400 "$STATUS"
	call GET "$LOG?page=2"
	is 'it has no numbered pages' 400 "$STATUS"
	switch audit_order oldest_first
	call GET "$LOG?limit=1"
	is 'audit_order' '"branch.created"' "$(field '.data[0].audit_action')"
	switch audit_order newest_first
	switch audit_cursor opaque
	call GET "$LOG?limit=1"
	is 'audit_cursor' true "$(field '.cursor_end != .data[0].id')"
	call GET "$LOG?limit=1&starting_after=$(field '.cursor_end | @uri' | tr -d '"')"
	is 'an opaque cursor goes on' '200 "service_token.created"' "$STATUS $(field '.data[0].audit_action')"
	switch audit_cursor id
	switch audit_action action
	call GET "$LOG?limit=1"
	is 'audit_action' 'null "granted_access"' "$(field '.data[0].audit_action') $(field '.data[0].action')"
	switch audit_action both
	switch audit_names null
	call GET "$LOG?limit=1"
	is 'audit_names' null "$(field '.data[0].target_display_name')"
	switch audit_names given
	new_token read_organization
	AUTH="$ID:$SECRET" call GET "$LOG"
	is 'it needs read_audit_logs' 403 "$STATUS"
	switch audit_denied 404
	AUTH="$ID:$SECRET" call GET "$LOG"
	is 'audit_denied' 404 "$STATUS"
	switch audit_denied 403
	control POST /data '{"op":"drop-events","count":1000}' >/dev/null
	call GET "$LOG"
	is 'drop-events' '0 null' "$(field '.data | length') $(field .cursor_end)"
}

check_tokens() {
	call GET "$TOKENS"
	is 'list tokens, newest first' '200 "token-10" 10' \
		"$STATUS $(field '.data[0].name') $(field .total_count)"
	call POST "$TOKENS" '{"name":"t","ttl":3600}'
	is 'create token' '200 "t" "ServiceToken"' "$STATUS $(field .name) $(field .type)"
	is 'a token has all required keys' '' "$(missing id name display_name avatar_url created_at \
		updated_at expires_at last_used_at actor_id actor_display_name actor_type token \
		service_token_accesses oauth_accesses_by_resource)"
	ID=$(jq -r .id <<<"$BODY")
	SECRET=$(jq -r .token <<<"$BODY")
	is 'an hour long' 3600 \
		"$(field '(.expires_at[:19]+"Z"|fromdate) - (.created_at[:19]+"Z"|fromdate)')"
	call GET "$TOKENS/$ID"
	is 'get token without its secret' '200 null' "$STATUS $(field .token)"
	AUTH=$ID:$SECRET call GET /v1/organizations
	is 'it authenticates' '200 ["acme"]' "$STATUS $(field '[.data[].name]')"
	call GET "$TOKENS/$ID"
	is 'and was used' string "$(jq -r '.last_used_at|type' <<<"$BODY")"
	switch clock_offset_s 7200
	AUTH=$ID:$SECRET call GET /v1/organizations
	is 'until it expires' 401 "$STATUS"
	AUTH=$ID:$SECRET call GET "$ORG"
	is 'everywhere' 401 "$STATUS"
	switch expired_status as-bad
	AUTH=$ID:$SECRET call GET "$ORG"
	is 'expired_status=as-bad' 404 "$STATUS"
	switch expired_tokens hidden
	call GET "$TOKENS"
	is 'expired_tokens=hidden' '10 0' \
		"$(field .total_count) $(field "[.data[]|select(.id==\"$ID\")]|length")"
	control DELETE /switches >/dev/null
	call DELETE "$TOKENS/$ID"
	is 'delete token' '204 ' "$STATUS $BODY"
	call GET "$TOKENS/$ID"
	is 'then it is gone, too' 404 "$STATUS"
	AUTH=$ID:$SECRET call GET /v1/organizations
	is 'and authenticates no more' 401 "$STATUS"
	for body in '{"ttl":0}' '{"ttl":-5}'; do
		call POST "$TOKENS" "$body"
		is "ttl out of range: $body" 422 "$STATUS"
	done
}

check_accesses() {
	new_token
	grant db-1 read_branch
	is 'add access' '200 ["read_branch"]' "$STATUS $(field '[.data[].access]')"
	is 'an access has all required keys' '' "$(BODY=$(jq '.data[0]' <<<"$BODY") &&
		missing id access description resource_name resource_id resource_type resource)"
	grant '' read_organization
	is 'on the organization' '200 ["Database","Organization"]' \
		"$STATUS $(field '[.data[].resource_type]')"
	call GET "$TOKENS/$ID/access"
	is 'list accesses' '200 2' "$STATUS $(field '.data|length')"
	call GET "$TOKENS/$ID/grants"
	is 'list grants' '200 ["db-1","acme"]' "$STATUS $(field '[.data[].resource_name]')"
	is 'a grant has no id of its own' true "$(field '.data[0]|.id == .resource_id')"
	call GET "$TOKENS/$ID"
	is 'get shows accesses' 2 "$(field '.service_token_accesses|length')"
	revoke db-1 read_branch
	is 'remove access' '204 ' "$STATUS $BODY"
	revoke db-1 read_branch
	is 'removing what is not held is fine' 204 "$STATUS"
	call GET "$TOKENS/$ID/grants"
	is 'the rest stays' '["acme"]' "$(field '[.data[].resource_name]')"
	is 'the history tells all of it' '[["read_branch"],[]] [["read_organization"],[]] [[],["read_branch"]] ' \
		"$(control GET /events | jq -c ".[]|select(.token==\"$ID\")|[.added,.removed]" | tr '\n' ' ')"
	grant nowhere read_branch
	is 'unknown database' 404 "$STATUS"
	grant db-1 no_such_scope
	is 'unknown scope' '422 "unprocessable"' "$STATUS $(field .code)"
	grant db-1 read_organization
	is 'scope of the other level' 422 "$STATUS"
	call POST "$TOKENS/$ID/access" '{"database":"db-1","access":["read_branch","nonsense"]}'
	is 'one bad scope refuses all' '422 0' \
		"$STATUS $(control GET /events | jq -c '[.[-1].added[]|select(.=="read_branch")]|length')"
	switch access_partial valid
	call POST "$TOKENS/$ID/access" '{"database":"db-1","access":["read_branch","nonsense"]}'
	is 'access_partial=valid does the others' '422 ["read_branch"]' \
		"$STATUS $(control GET /events | jq -c '.[-1].added')"
	control DELETE /switches >/dev/null
	call DELETE "$TOKENS/$ID"
}

check_auth() {
	local secret=pscale_tkn_wrong

	AUTH=zzzzzzzzzzzz:$secret call GET /v1/organizations
	is 'wrong token' '401 "unauthorized"' "$STATUS $(field .code)"
	AUTH=zzzzzzzzzzzz:$secret call GET "$TOKENS"
	is 'wrong token below an organization' '404 "not_found"' "$STATUS $(field .code)"
	AUTH=${ADMIN%%:*}:$secret call GET /v1/organizations
	is 'wrong secret' 401 "$STATUS"
	AUTH='Bearer nonsense' call GET "$ORG"
	is 'wrong bearer' '401 "invalid_token"' "$STATUS $(field .error)"
	is 'says how to authenticate' 'Bearer realm="Doorkeeper", error="invalid_token"' \
		"$(header www-authenticate)"
	STATUS=$(curl -s -o "$WORK/body" -w '%{http_code}' "$API/v1/organizations")
	is 'no credential' '401 no Authorization header' \
		"$STATUS $(control GET '/log?violations=1' | jq -r '.[-1].violation')"
	control POST /data '{"op":"add-organization","name":"other"}' >/dev/null
	control POST /data '{"op":"add-database","organization":"other","name":"far"}' >/dev/null
	call GET /v1/organizations/other
	is 'a token belongs to one organization' 404 "$STATUS"
	AUTH="Bearer $BEARER" call GET /v1/organizations
	is 'a user sees all' '["acme","other"]' "$(field '[.data[].name]')"

	new_token
	AUTH=$ID:$SECRET
	call GET "$ORG"
	is 'no permission on the organization' '403 "forbidden"' "$STATUS $(field .code)"
	call GET "$TOKENS/nosuchtoken0"
	is 'which is checked before the object' 403 "$STATUS"
	call POST "$TOKENS" '{"ttl":0}'
	is 'and before values' 403 "$STATUS"
	call GET /v1/organizations/nowhere/service-tokens
	is 'but after membership' 404 "$STATUS"
	call GET "$ORG/databases/db-1"
	is 'no permission on a database is 404' 404 "$STATUS"
	call GET "$ORG/databases"
	is 'nor is any listed' '200 []' "$STATUS $(field .data)"
	switch databases_without_permission 403
	call GET "$ORG/databases"
	is 'databases_without_permission=403' 403 "$STATUS"
	AUTH=$ADMIN
	grant db-2 read_branch
	AUTH=$ID:$SECRET
	call GET "$ORG/databases"
	is 'one permission shows one database' '["db-2"]' "$(field '[.data[].name]')"
	call PATCH "$ORG/databases/db-2" '{"notes":"x"}'
	is 'but does not change it' 404 "$STATUS"
	call GET "$TOKENS/$ID/grants"
	is '/grants needs read_service_tokens' 403 "$STATUS"
	switch require_access_permission off
	call GET "$TOKENS/$ID/grants"
	is 'require_access_permission=off' 200 "$STATUS"
	control DELETE /switches >/dev/null

	new_token read_service_tokens create_databases
	AUTH=$ID:$SECRET
	call GET "$TOKENS"
	is 'read_service_tokens lists' 200 "$STATUS"
	call POST "$TOKENS" '{}'
	is 'and does not create' 403 "$STATUS"
	call POST "$ORG/databases" '{"name":"mine","cluster_size":"PS_10"}'
	is 'create_databases creates' 201 "$STATUS"
	call DELETE "$ORG/databases/mine"
	is 'and owns what it created' 204 "$STATUS"
	switch service_token_admin 403
	call GET "$TOKENS"
	is 'service_token_admin=403' 403 "$STATUS"
	control DELETE /switches >/dev/null
	AUTH=$ADMIN
	control POST /data '{"op":"delete-organization","name":"other"}' >/dev/null
}

check_paging() {
	local query

	control POST /data "$(jq -nc '[range(60)|{op:"add-token",name:"p\(.)"}]')" >/dev/null
	TOTAL=$(control GET /state | jq '[.organizations[0].tokens[]|select(.admin|not)]|length')
	call GET "$TOKENS"
	is 'a page is 25' "25 2 $TOTAL" "$(field '.data|length') $(field .next_page) $(field .total_count)"
	is 'the next is told' "\"$API$TOKENS?page=2&per_page=25\"" "$(field .next_page_url)"
	call GET "$TOKENS?page=2"
	is 'then the second' '1 3' "$(field .prev_page) $(field .next_page)"
	call GET "$TOKENS?page=100"
	is 'past the end' '[] null' "$(field .data) $(field .next_page)"
	call GET "$TOKENS?per_page=1000"
	is 'per_page is clamped' 100 "$(field .per_page)"
	switch per_page_over 422
	call GET "$TOKENS?per_page=1000"
	is 'per_page_over=422' 422 "$STATUS"
	control DELETE /switches >/dev/null
	is 'all pages make the whole' "$TOTAL" "$(for page in 1 2 3 4 5 6 7 8; do
		call GET "$TOKENS?per_page=10&page=$page"
		jq -r '.data[].id' <<<"$BODY"
	done | sort -u | wc -l)"
	for query in page=0 page=x per_page=-1 'page=1&page=2' colour=red page; do
		call GET "$TOKENS?$query"
		is "violation: ?$query" 400 "$STATUS"
	done
}

check_violations() {
	local path

	for path in /v1/nothing /v1/organizations/ /v1/organizations/acme/../acme //v1/user \
		/v1/organizations/%2e%2e/databases /v1/organizations/a%zzb /v1/organizations/%00 \
		/v2/organizations '/v1/organizations/a{b'; do
		call GET "$path" '' -g
		is "violation: GET $path" 400 "$STATUS"
	done
	call PUT "$ORG" '{}'
	is 'violation: wrong method' 400 "$STATUS"
	call GET "$ORG/databases/a%2Fb"
	is 'an escaped slash is a name' 404 "$STATUS"
	for body in '{' '[]' '{"name":1}' '{"colour":"red"}' '{"name":"a","name":"b"}' '{} x' \
		'{"ttl":1.5}' $'{"name":"\xff"}'; do
		call POST "$TOKENS" "$body"
		is "violation: body $body" 400 "$STATUS"
	done
	STATUS=$(curl -s -o "$WORK/body" -w '%{http_code}' -H "Authorization: $AUTH" \
		-H 'Content-Type:' -d '{}' "$API$TOKENS")
	is 'violation: no content type' 400 "$STATUS"
	call POST "$TOKENS" '{}' -H 'Content-Type: text/plain'
	is 'violation: another content type' 400 "$STATUS"
	call GET "$TOKENS" '' -A ''
	is 'violation: no user agent' 400 "$STATUS"
	call GET "$TOKENS" '' -H 'Accept: text/html'
	is 'violation: refuses JSON' 400 "$STATUS"
	call GET "$TOKENS" '{}'
	is 'violation: a body with GET' 400 "$STATUS"
	AUTH='token a:b' call GET "$TOKENS"
	is 'violation: authorization scheme' 400 "$STATUS"
	call GET "$TOKENS" '' -H "Authorization: $ADMIN"
	is 'violation: two credentials' 400 "$STATUS"
	switch strict off
	call POST "$TOKENS" '{"colour":"red"}'
	is 'strict=off lets it pass' 200 "$STATUS"
	is 'and still notes it' 'unknown body key "colour"' \
		"$(control GET '/log?violations=1' | jq -r '.[-1].violation')"
	control DELETE /switches >/dev/null
	is 'no secret is in the log' 0 "$(control GET /log | grep -c pscale_tkn_)"
}

check_switches() {
	local value

	new_token read_service_tokens
	# NAME=VALUE~PATH~JQ~EXPECTED
	while IFS='~' read -r value path filter expected; do
		switch "${value%%=*}" "${value#*=}"
		call GET "$path"
		is "$value" "$expected" "$(field "$filter")"
		control DELETE /switches >/dev/null
	done <<-TABLE
		list_accesses=absent~$TOKENS~.data[0]|has("service_token_accesses")~false
		list_accesses=null~$TOKENS~.data[0].service_token_accesses~null
		get_accesses=absent~$TOKENS/$ID~has("service_token_accesses")~false
		oauth_accesses=absent~$TOKENS/$ID~has("oauth_accesses_by_resource")~false
		secret_fields=absent~$TOKENS/$ID~has("token")~false
		omit_type=on~$TOKENS/$ID~has("type")~false
		omit_type=on~$TOKENS~has("type")~false
		drop_totals=on~$TOKENS~has("total_count")~false
		drop_per_page=on~$TOKENS~has("per_page")~false
		names=null~$TOKENS/$ID~.name~null
		names=absent~$TOKENS/$ID~has("name")~false
		nullable=absent~$TOKENS/$ID~has("expires_at")~false
		unknown_keys=on~$TOKENS/$ID~has("extensions")~true
		database_extras=absent~$ORG/databases/db-1~has("plan")~false
		next_page_url=foreign~$TOKENS?per_page=1~.next_page_url[:22]~"http://foreign.invalid"
		next_page_url=null~$TOKENS?per_page=1~.next_page_url~null
		per_page_max=10~$TOKENS?per_page=50~.data|length~10
		per_page_default=5~$TOKENS~.data|length~5
		token_order=created_asc~$TOKENS~.data[0].name~"token-1"
		database_order=created_desc~$ORG/databases~.data[0].name~"db-4"
		database_order=created_asc~$ORG/databases~.data[0].name~"db-1"
		admin_token=listed~$TOKENS?per_page=100~[.data[]|select(.name=="admin")]|length~1
		access_keys=old~$TOKENS/$ID/access~.data[0].type~"DatabaseAccess"
		grant_type=absent~$TOKENS/$ID/grants~.data[0]|has("resource_type")~false
	TABLE
	switch token_order shuffled
	call GET "$TOKENS?per_page=100"
	is 'token_order=shuffled keeps all' "$(field .total_count)" "$(field '[.data[].id]|unique|length')"
	control DELETE /switches >/dev/null
	is 'a wrong value is told' true \
		"$(control POST /switch '{"omit_type":"perhaps"}' | jq 'has("error")')"
	is 'a wrong name as well' true "$(control POST /switch '{"nonsense":"on"}' | jq 'has("error")')"
	call GET "$TOKENS" '' -H 'Accept-Encoding: gzip'
	is 'gzip' gzip "$(header content-encoding)"
	switch gzip off
	call GET "$TOKENS" '' -H 'Accept-Encoding: gzip'
	is 'gzip=off' '' "$(header content-encoding)"
	switch keep_alive off
	call GET "$TOKENS"
	is 'keep_alive=off' close "$(header connection | tr "[:upper:]" "[:lower:]")"
	control DELETE /switches >/dev/null
}

check_access_switches() {
	local value what expected

	# NAME=VALUE|grant or revoke|database|scope|status
	while IFS='|' read -r value what database scope expected; do
		new_token
		switch "${value%%=*}" "${value#*=}"
		"$what" "$database" "$scope"
		is "$value" "$expected" "$STATUS"
		control DELETE /switches >/dev/null
	done <<-TABLE
		access_post_status=201|grant|db-1|read_branch|201
		access_post_status=204|grant|db-1|read_branch|204
		access_delete_status=200|revoke|db-1|read_branch|200
		access_missing=404|revoke|db-1|read_branch|404
		access_missing=422|revoke|db-1|read_branch|422
		unknown_scope=400|grant|db-1|nonsense|400
		unknown_scope=403|grant|db-1|nonsense|403
		unknown_scope=accept|grant|db-1|nonsense|200
		wrong_level=403|grant||read_branch|403
		wrong_level=accept|grant||read_branch|200
	TABLE
	new_token
	grant db-1 read_branch
	switch access_duplicate 422
	grant db-1 read_branch
	is access_duplicate=422 422 "$STATUS"
	switch access_duplicate ok
	switch access_post_answer added
	grant db-2 read_comment
	is access_post_answer=added '["read_comment"]' "$(field '[.data[].access]')"
	switch access_post_answer empty
	grant db-2 create_comment
	is access_post_answer=empty '[]' "$(field .data)"
	switch access_post_answer truncated-page
	switch access_page_size 2
	grant db-2 read_backups
	is access_post_answer=truncated-page '2 2' "$(field '.data|length') $(field .next_page)"
	call GET "$TOKENS/$ID/access"
	is 'access_page_size' '2 2' "$(field '.data|length') $(field .next_page)"
	switch access_paging off
	call GET "$TOKENS/$ID/access"
	is 'access_paging=off' '4 null' "$(field '.data|length') $(field .next_page)"
	switch grants_page_size 1
	call GET "$TOKENS/$ID/grants"
	is 'grants_page_size' '1 2' "$(field '.data|length') $(field .next_page)"
	call GET "$TOKENS/$ID/grants?page=2&per_page=1"
	is 'grants page 2' '"db-2" null' "$(field '.data[0].resource_name') $(field .next_page)"
	switch grants_paging off
	call GET "$TOKENS/$ID/grants"
	is 'grants_paging=off' '2 null' "$(field '.data|length') $(field .next_page)"
	switch empty_grants shown
	revoke db-1 read_branch
	call GET "$TOKENS/$ID/grants"
	is 'empty_grants=shown' '[0,3]' "$(field '[.data[].accesses|length]')"
	control DELETE /switches >/dev/null

	new_token write_service_tokens
	switch grant_limit own
	AUTH=$ID:$SECRET grant '' read_invoices
	is 'grant_limit=own refuses' 403 "$STATUS"
	AUTH=$ID:$SECRET grant '' write_service_tokens
	is 'grant_limit=own allows' 200 "$STATUS"
	switch bearer_role member
	AUTH="Bearer $BEARER" grant db-1 connect_production_branch
	is 'bearer_role=member' 403 "$STATUS"
	control DELETE /switches >/dev/null

	for value in 422 409; do
		switch duplicate_names "$value"
		call POST "$TOKENS" '{"name":"made"}'
		is "duplicate_names=$value" "$value" "$STATUS"
	done
	switch empty_name 422
	call POST "$TOKENS" '{"name":""}'
	is 'empty_name=422' 422 "$STATUS"
	switch empty_name keep
	call POST "$TOKENS" '{"name":""}'
	is 'empty_name=keep' '""' "$(field .name)"
	switch name_max 3
	call POST "$TOKENS" '{"name":"abcd"}'
	is 'name_max' 422 "$STATUS"
	switch ttl_max 10
	call POST "$TOKENS" '{"ttl":11}'
	is 'ttl_max' 422 "$STATUS"
	control DELETE /switches >/dev/null
}

check_bulk() {
	new_token
	control POST /data "{\"op\":\"grant\",\"token\":\"$ID\",\"bulk\":true,\"access\":[\"read_branch\"]}" \
		>/dev/null
	grant db-1 read_comment
	call GET "$TOKENS/$ID/grants"
	is 'bulk_shown_as=rows' '[["db-1",2],["db-2",1],["db-3",1],["db-4",1]]' \
		"$(field '[.data[]|[.resource_name,(.accesses|length)]]')"
	revoke db-2 read_branch
	is 'bulk_delete=ignored' 204 "$STATUS"
	call GET "$TOKENS/$ID/grants"
	is 'and still held' 1 "$(field '.data[1].accesses|length')"
	AUTH=$ID:$SECRET call GET "$ORG/databases"
	is 'it opens all databases' 4 "$(field '.data|length')"
	switch bulk_delete 422
	revoke db-2 read_branch
	is 'bulk_delete=422' 422 "$STATUS"
	switch bulk_shown_as organization
	call GET "$TOKENS/$ID/grants"
	is 'bulk_shown_as=organization' '[["Database","read_comment"],["Organization","read_branch"]]' \
		"$(field '[.data[]|[.resource_type,.accesses[0].access]]')"
	switch bulk_shown_as other
	call GET "$TOKENS/$ID/grants"
	is 'bulk_shown_as=other' '["Database","OrganizationDatabases"]' "$(field '[.data[].resource_type]')"
	switch bulk_shown_as hidden
	call GET "$TOKENS/$ID/grants"
	is 'bulk_shown_as=hidden' 1 "$(field '.data|length')"
	control DELETE /switches >/dev/null
}

check_data() {
	local id

	control POST /data '{"op":"add-database","name":"gone","state":"sleeping","kind":"neki"}' >/dev/null
	call GET "$ORG/databases/gone"
	is 'data: add database' '"sleeping" "neki"' "$(field .state) $(field .kind)"
	new_token
	grant gone read_branch
	switch grants_of_deleted kept
	control POST /data '{"op":"delete-database","name":"gone"}' >/dev/null
	call GET "$TOKENS/$ID"
	is 'grants_of_deleted=kept' string \
		"$(jq -r '.service_token_accesses[0].resource.deleted_at|type' <<<"$BODY")"
	control DELETE /switches >/dev/null
	id=$(control POST /data '{"op":"add-token","name":"odd/…","created_at":"2020-01-02T03:04:05Z","last_used_at":"2021-01-01T00:00:00.500Z","ttl":60}' | jq -r .id)
	call GET "$TOKENS/$id"
	is 'data: add token' '"2020-01-02T03:04:05.000Z" "2021-01-01T00:00:00.500Z" "2020-01-02T03:05:05.000Z"' \
		"$(field .created_at) $(field .last_used_at) $(field .expires_at)"
	control POST /data "{\"op\":\"grant\",\"token\":\"$id\",\"resource_type\":\"Branch\",\"resource_id\":\"abcdefabcdef\",\"resource_name\":\"main\",\"access\":[\"strange\"]}" >/dev/null
	call GET "$TOKENS/$id/grants"
	is 'data: unknown resource type and scope' '[["Branch","main","strange"]]' \
		"$(field '[.data[]|[.resource_type,.resource_name,.accesses[0].access]]')"
	control POST /data "[{\"op\":\"update-token\",\"id\":\"$id\",\"new_name\":\"renamed\"},{\"op\":\"update-database\",\"name\":\"db-4\",\"new_name\":\"db-four\"}]" >/dev/null
	call GET "$TOKENS/$id"
	is 'data: rename token' '"renamed"' "$(field .name)"
	call GET "$ORG/databases/db-four"
	is 'data: rename database' 200 "$STATUS"
	control POST /data '{"op":"update-database","name":"db-four","new_name":"db-4"}' >/dev/null
	control POST /data "{\"op\":\"delete-token\",\"id\":\"$id\"}" >/dev/null
	call GET "$TOKENS/$id"
	is 'data: delete token' 404 "$STATUS"
	control POST /data '{"op":"update-organization","name":"acme","new_name":"acme-new"}' >/dev/null
	call GET /v1/organizations
	is 'data: rename organization' '["acme-new"]' "$(field '[.data[].name]')"
	control POST /data '{"op":"update-organization","name":"acme-new","new_name":"acme"}' >/dev/null
	control POST /data '{"op":"add-token","name":"app","oauth":true}' >/dev/null
	switch oauth_tokens listed
	call GET "$TOKENS?per_page=100"
	is 'oauth_tokens=listed' '["branch","database","organization","user"]' \
		"$(field '.data[]|select(.name=="app")|.oauth_accesses_by_resource|keys')"
	control DELETE /switches >/dev/null
	call GET "$TOKENS?per_page=100"
	is 'oauth_tokens=hidden' 0 "$(field '[.data[]|select(.name=="app")]|length')"
	is 'data: mistakes are told' true "$(control POST /data '{"op":"nonsense"}' | jq 'has("error")')"
	is 'state hides secrets' 0 "$(control GET /state | grep -c pscale_tkn_)"
	is 'unless asked' 1 "$(control GET '/state?secrets=1' | grep -c pscale_tkn_)"
}

# scopes — what $ID may do on db-1, as the API says
scopes() {
	call GET "$TOKENS/$ID"
	jq -r '[.service_token_accesses[]?|select(.resource_name=="db-1")|.access]|sort|join(" ")' <<<"$BODY"
}

# granted — the same, as it is
granted() {
	control GET /state | jq -r --arg id "$ID" '[.organizations[].tokens[]|select(.id==$id)
		|.grants[]|select(.resource_name=="db-1").accesses[]]|sort|join(" ")'
}

# until_is COMMAND WORDS NAME — waits for it, for at most 5 s
until_is() {
	local end=$((SECONDS + 5))

	until [ "$($1)" = "$2" ] || [ "$SECONDS" -ge "$end" ]; do sleep 0.05; done
	is "$3" "$2" "$($1)"
}

check_lines() {
	new_token read_organization
	grant db-1 create_branch
	grant db-1 connect_branch
	control POST /data "{\"op\":\"update-token\",\"id\":\"$ID\",\"new_name\":\"odd name\"}" >/dev/null
	is 'the id of a token' "$ID" "$(control GET '/token-id?name=odd%20name')"
	is 'what it may do on a database' 'connect_branch create_branch' "$(control GET '/scopes?token=odd%20name&database=db-1')"
	is 'on the organization' read_organization "$(control GET '/scopes?token=odd%20name')"
	is 'on another database' '' "$(control GET '/scopes?token=odd%20name&database=db-2')"
	is 'no such token' '404 404' "$(lines_status '/token-id?name=odd') $(lines_status '/scopes?token=odd')"
	control POST /data '{"op":"add-token","name":"odd name"}' >/dev/null
	is 'two of that name' '404 200' \
		"$(lines_status '/token-id?name=odd%20name') $(lines_status '/scopes?token=odd%20name')"
	is 'holdings are of the state' \
		"$(control GET /state | jq -c '[.organizations[] | {name, databases: [.databases[].name], tokens: [.tokens[]
			| {id, name, expires_at, grants}]}]')" "$(control GET /holdings | jq -c .)"

	control DELETE /log >/dev/null
	is 'no requests' '' "$(control GET /log/requests)"
	call GET "$TOKENS?page=1"
	call POST "$TOKENS" '{"name":"line"}'
	call DELETE "$TOKENS/$(jq -r .id <<<"$BODY")"
	call POST "$TOKENS" 'none'
	is 'requests in lines' "GET $TOKENS,POST $TOKENS,DELETE,POST $TOKENS," \
		"$(control GET /log/requests | sed 's/^DELETE .*/DELETE/' | tr '\n' ,)"
	is 'those that ask for a change' "POST $TOKENS {\"name\":\"line\"},DELETE,POST $TOKENS (not JSON)," \
		"$(control GET /log/asked | sed 's/^DELETE .*/DELETE/' | tr '\n' ,)"
	is 'with a filter' "POST $TOKENS (not JSON)" "$(control GET '/log/asked?violations=1')"
}

lines_status() { curl -s -o /dev/null -w '%{http_code}' "$CONTROL$1"; }

check_lag() {
	local before

	new_token
	grant db-1 read_branch
	switch read_lag_ms 700
	grant db-1 delete_branch
	is 'read_lag_ms: a POST answers the present state' '["delete_branch","read_branch"]' \
		"$(field '[.data[].access]|sort')"
	is 'a read does not' read_branch "$(scopes)"
	call GET "$TOKENS/$ID/grants"
	is 'nor does /grants' '["read_branch"]' "$(field '[.data[].accesses[].access]|sort')"
	until_is scopes 'delete_branch read_branch' 'it hears of it in time'
	revoke db-1 delete_branch
	is 'a revocation lags too' '204 delete_branch read_branch' "$STATUS $(scopes)"
	is 'while it is so' read_branch "$(granted)"
	until_is scopes read_branch 'it hears of that in time'
	before=$ID
	new_token
	call GET "$TOKENS/$ID"
	is 'a new token is not there yet' 404 "$STATUS"
	call DELETE "$TOKENS/$before"
	call GET "$TOKENS?per_page=100"
	is 'a deleted one is, and the list says so' "true false" \
		"$(field "[.data[].id]|index(\"$before\") != null") $(field "[.data[].id]|index(\"$ID\") != null")"
	control POST /data "{\"op\":\"grant\",\"token\":\"$ID\",\"database\":\"db-1\",\"access\":[\"read_branch\"]}" >/dev/null
	until_is scopes read_branch 'changes by others lag as well'
	grant db-1 delete_branch
	switch replicas 2
	is 'replicas=2: in turn' 2 "$(for _ in 1 2 3 4; do scopes; done | sort -u | wc -l)"
	switch read_lag_ms 0
	is 'read_lag_ms=0: all is present' 'delete_branch read_branch' "$(scopes)"
	control DELETE /switches >/dev/null
}

check_changes() {
	local how status

	new_token
	switch access_applies first
	call POST "$TOKENS/$ID/access" '{"database":"db-1","access":["read_branch","delete_branch"]}'
	is 'access_applies=first' '200 read_branch' "$STATUS $(granted)"
	switch access_applies all
	for how in page 202; do
		status=$([ "$how" = page ] && echo 200 || echo 202)
		switch changes_answered "$how"
		grant db-1 "create_branch"
		is "changes_answered=$how" "$status create_branch read_branch" "$STATUS $(granted)"
		switch changes_answered "$how-undone"
		revoke db-1 create_branch
		is "changes_answered=$how-undone" "$status create_branch read_branch" "$STATUS $(granted)"
		call DELETE "$TOKENS/$ID"
		is 'a deletion likewise' 'create_branch read_branch' "$(granted)"
		call DELETE "$TOKENS/zzzzzzzzzzzz"
		is 'what is refused is refused' 404 "$STATUS"
		switch changes_answered really
		revoke db-1 create_branch
	done
	switch undo_every 2
	switch undo_ms 200
	grant db-1 create_branch
	revoke db-1 read_branch
	is 'undo_ms: not at once' create_branch "$(granted)"
	until_is granted 'create_branch read_branch' 'undo_every=2: the second is undone'
	is 'the events have it' '["read_branch"]' "$(control GET /events | jq -c '.[-1].added')"
	control DELETE /switches >/dev/null
}

for part in endpoints databases audit_log tokens accesses auth paging violations switches access_switches \
	bulk data lines lag changes; do
	start_emulator --seed-data orgs=1,databases=4,tokens=10,grants=2
	"check_$part"
	stop_emulator
done
"$(dirname "$0")/faulttest.sh" "$EMULATOR" || FAILED=$((FAILED + 1))
conclude

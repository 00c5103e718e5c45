#!/bin/bash
# SPDX-License-Identifier: MIT
# cli-requests.sh [EMULATOR] — PlanetScale's own CLI works against the emulator.
#
# Sends what pscale sends for its organization, database and service-token
# commands: same method, headers and bytes. Runs the real pscale as well when
# it is installed.

# shellcheck source=tests/emulator/checks.sh
. "$(dirname "$0")/checks.sh"

start_emulator --sample

# cli METHOD PATH [BODY] — Go's JSON encoder ends a body with a newline, and
# pscale names a content type on everything but GET, with or without a body.
cli() {
	local options=(-s -m 20 -X "$1" -o "$WORK/body" -w '%{http_code}'
		-H 'Accept: application/json' -H 'Accept-Encoding: gzip' --compressed
		-H 'Connection: close' -H "Authorization: $AUTH"
		-H 'pscale-cli-version: v0.312.0'
		-A 'pscale-cli/v0.312.0 planetscale-go/unknown')

	[ "$1" = GET ] || options+=(-H 'Content-Type: application/json')
	[ $# -lt 3 ] || options+=(--data-binary "$3"$'\n')
	: >"$WORK/body"
	STATUS=$(curl "${options[@]}" "$API/v1/organizations$2")
	BODY=$(<"$WORK/body")
}

AUTH="Bearer $BEARER"

cli GET ''
is 'org list' '200 "acme"' "$STATUS $(field '.data[0].name')"
cli GET /acme
is 'org show' '200 "acme"' "$STATUS $(field .name)"
cli GET '/acme/databases?per_page=100'
is 'database list' '200 ["analytics","blog","shop","users"]' "$STATUS $(field '[.data[].name]')"
cli GET /acme/databases/shop
is 'database show' '200 "shop"' "$STATUS $(field .name)"
cli POST /acme/databases '{"Organization":"acme","name":"new-one","notes":"n","cluster_size":"PS_10","kind":"mysql"}'
is 'database create' '201 "new-one"' "$STATUS $(field .name)"
cli DELETE /acme/databases/new-one
is 'database delete' '204 ' "$STATUS $BODY"

cli GET /acme/service-tokens
is 'service-token list' '200 9' "$STATUS $(field '.data | length')"
cli POST /acme/service-tokens '{}'
is 'service-token create without a name' '200 null' "$STATUS $(field .name)"
cli POST /acme/service-tokens '{"name":"from-cli","ttl":3600}'
is 'service-token create' '200 "from-cli"' "$STATUS $(field .name)"
ID=$(jq -r .id <<<"$BODY")
SECRET=$(jq -r .token <<<"$BODY")
is 'the secret has the known form' 1 "$(grep -cE '^pscale_tkn_[A-Za-z0-9_]{43}$' <<<"$SECRET")"
cli GET "/acme/service-tokens/$ID"
is 'service-token show' "200 null" "$STATUS $(field .token)"
cli POST "/acme/service-tokens/$ID/access" '{"database":"shop","access":["read_branch","create_branch"]}'
is 'service-token add-access on a database' '200 ["read_branch","create_branch"]' \
	"$STATUS $(field '[.data[].access]')"
cli POST "/acme/service-tokens/$ID/access" '{"database":"","access":["read_organization"]}'
is 'service-token add-access on the organization answers all' '200 3' \
	"$STATUS $(field '.data | length')"
cli GET "/acme/service-tokens/$ID/grants"
is 'service-token show-access' '200 ["Database/shop:2","Organization/acme:1"]' \
	"$STATUS $(field '[.data[] | "\(.resource_type)/\(.resource_name):\(.accesses|length)"]')"
cli DELETE "/acme/service-tokens/$ID/access" '{"database":"shop","access":["create_branch"]}'
is 'service-token delete-access' '204 ' "$STATUS $BODY"
cli DELETE "/acme/service-tokens/$ID"
is 'service-token delete' '204 ' "$STATUS $BODY"
is 'none of this is a violation' '[]' "$(control GET '/log?violations=1')"

# The real one, in a home of its own.
pscale_as() {
	HOME=$WORK PLANETSCALE_API_URL=$API/ PLANETSCALE_ORG=acme \
		PSCALE_DISABLE_DEV_WARNING=true PSCALE_NO_UPDATE_NOTIFIER=1 \
		env "$@" 2>"$WORK/pscale-errors"
}

real() {
	pscale_as PLANETSCALE_API_TOKEN="$BEARER" pscale --format json "$@"
}

if command -v pscale >/dev/null; then
	is 'pscale org list' acme "$(real org list | jq -r '.[0].name')"
	is 'pscale database list' 4 "$(real database list | jq length)"
	is 'pscale service-token list' true "$(real service-token list | jq 'length > 0')"
	ID=$(real service-token create --name real | jq -r .id)
	is 'pscale service-token create' 12 "${#ID}"
	real service-token add-access "$ID" read_branch --database shop >/dev/null
	is 'pscale service-token add-access' 0 $?
	is 'pscale service-token show-access' shop \
		"$(real service-token show-access "$ID" | jq -r '.. | strings | select(. == "shop")' | head -1)"
	real service-token delete-access "$ID" read_branch --database shop >/dev/null
	is 'pscale service-token delete-access' 0 $?
	real service-token delete "$ID" >/dev/null
	is 'pscale service-token delete' 0 $?
	is 'pscale with a service token' 4 "$(pscale_as PLANETSCALE_SERVICE_TOKEN_ID="${ADMIN%%:*}" \
		PLANETSCALE_SERVICE_TOKEN="${ADMIN#*:}" pscale --format json database list | jq length)"
	is 'pscale sends no violation' '[]' "$(control GET '/log?violations=1')"
else
	echo '# pscale is not installed: only its recorded requests were sent'
fi

stop_emulator
conclude

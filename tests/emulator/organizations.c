/* SPDX-License-Identifier: MIT */
#include "handlers.h"

#include "emulator.h"
#include "objects.h"
#include "request.h"
#include "util.h"

#include <string.h>

const struct field organization_patch_fields[] = {
	{"billing_email", FIELD_STRING},
	{"idp_managed_roles", FIELD_BOOLEAN},
	{"invoice_budget_amount", FIELD_NUMBER_OR_NULL},
	/* Not documented, but sent by PlanetScale's own CLI. */
	{"invoice_budget_alerts", FIELD_BOOLEAN},
	{NULL, FIELD_STRING},
};

void organizations_list(struct emulator *emulator, struct request *request)
{
	const struct ordered *organizations = &emulator->state.organizations;
	const struct token *token = request->caller.token;
	struct page page;

	if (!page_begin(emulator, request,
			(size_t)switches_number(&emulator->switches, SWITCH_PER_PAGE_DEFAULT),
			&page))
		return;
	page.total = token ? 1 : organizations->count;
	for (size_t i = page.first; i < page.total && page_holds(&page, i); i++) {
		const struct organization *organization =
			token ? token->organization : organizations->items[i];

		cJSON_AddItemToArray(page.data, organization_json(emulator, organization));
	}
	page_finish(emulator, request, &page, 200);
}

void organizations_get(struct emulator *emulator, struct request *request)
{
	reply_json(&request->reply, 200, organization_json(emulator, request->organization));
}

void organizations_patch(struct emulator *emulator, struct request *request)
{
	struct organization *organization = request->organization;
	const char *email = request_text(request, "billing_email");
	const cJSON *roles = cJSON_GetObjectItemCaseSensitive(request->json, "idp_managed_roles");
	const cJSON *budget =
		cJSON_GetObjectItemCaseSensitive(request->json, "invoice_budget_amount");

	if (email && !strchr(email, '@')) {
		reply_error(&request->reply, 422, "unprocessable", "Billing email is invalid");
		return;
	}
	if (email)
		replace_string(&organization->billing_email, email);
	if (roles)
		organization->idp_managed_roles = cJSON_IsTrue(roles);
	if (budget)
		organization->invoice_budget = cJSON_IsNull(budget) ? 0 : budget->valuedouble;
	organization->updated_ms = state_now_ms(&emulator->state);
	request->changed = true;
	reply_json(&request->reply, 200, organization_json(emulator, organization));
}

void user_get(struct emulator *emulator, struct request *request)
{
	reply_json(&request->reply, 200, user_json(emulator, request->caller.bearer));
}

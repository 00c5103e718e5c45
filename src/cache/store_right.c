/* SPDX-License-Identifier: MIT */
/*
 * store_right: what this mount's own credential may do.
 */
#include "cache/store.h"
#include "cache/store_internal.h"

/* The credential's own entry in the list of tokens, if it is there: it shows its permissions. */
static const struct token *own_token(const struct model *m, const char *token_id)
{
	for (size_t i = 0; i < m->n_organizations; i++) {
		struct token *own = model_token(m->organization[i], token_id);
		if (own != NULL && own->grants.has_data)
			return own;
	}
	return NULL;
}

enum api_right store_right(const struct store *s, const char *permission)
{
	const struct credential *c = api_credential(s->api);

	if (c->kind != CREDENTIAL_SERVICE_TOKEN)
		return API_RIGHT_HELD;
	const struct token *own = own_token(&s->model, c->token_id);
	if (own == NULL)
		return api_right(s->api, permission);
	const struct grant *g = model_grant(own, NULL);
	return g != NULL && scopes_has(&g->scopes, permission) ? API_RIGHT_HELD : API_RIGHT_LACKING;
}

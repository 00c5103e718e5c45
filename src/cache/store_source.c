/* SPDX-License-Identifier: MIT */
#include "cache/store_source.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "planetscale/decode.h"

struct organization *fetch_organization(const struct fetch *f)
{
	return f->target.organization_id == NULL
		       ? NULL
		       : model_organization(&f->store->model, f->target.organization_id);
}

static struct token *fetch_token(const struct fetch *f)
{
	struct organization *o = fetch_organization(f);

	return o != NULL && f->target.token_id != NULL ? model_token(o, f->target.token_id) : NULL;
}

/* How the member of `got` is read, counted and freed, for a list of objects that have ids. */
#define LIST_OF(thing)                                                                             \
	static int decode_page_of_##thing##s(struct fetch *f, const struct api_answer *a,          \
					     struct decode_page *page, struct error *e)            \
	{                                                                                          \
		return decode_##thing##s(a->body, a->len, &f->got.thing##s, page, e);              \
	}                                                                                          \
	static size_t count_##thing##s(const struct fetch *f)                                      \
	{                                                                                          \
		return f->got.thing##s.n;                                                          \
	}                                                                                          \
	static const char *id_of_##thing(const struct fetch *f, size_t i)                          \
	{                                                                                          \
		return f->got.thing##s.v[i].id;                                                    \
	}                                                                                          \
	static void finish_##thing##s(struct fetch *f)                                             \
	{                                                                                          \
		thing##_records_finish(&f->got.thing##s);                                          \
	}

LIST_OF(organization)
LIST_OF(database)
LIST_OF(token)

static struct resource *resource_of_organizations(const struct fetch *f)
{
	return &f->store->model.organizations;
}

static bool apply_organizations(struct fetch *f, bool *contradicted)
{
	(void)contradicted;
	model_apply_organizations(&f->store->model, &f->got.organizations);
	return true;
}

static struct resource *resource_of_databases(const struct fetch *f)
{
	struct organization *o = fetch_organization(f);

	return o != NULL ? &o->databases : NULL;
}

static bool apply_databases(struct fetch *f, bool *contradicted)
{
	(void)contradicted;
	if (f->got.databases.n == 0) /* there are none, or none that this credential may see */
		api_learn(f->store->api, API_READ_DATABASES, API_RIGHT_DOUBTFUL);
	model_apply_databases(fetch_organization(f), &f->got.databases);
	return true;
}

static struct resource *resource_of_tokens(const struct fetch *f)
{
	struct organization *o = fetch_organization(f);

	return o != NULL ? &o->tokens : NULL;
}

static bool sort_tokens(struct fetch *f)
{
	if (f->tokens == NULL)
		f->tokens = token_list_new(&f->got.tokens);
	return token_list_sort(f->tokens);
}

static size_t different_tokens(const struct fetch *f)
{
	return token_list_different(f->tokens);
}

static bool apply_tokens(struct fetch *f, bool *contradicted)
{
	if (!token_list_apply(f->tokens, fetch_organization(f), f->started))
		return false;
	*contradicted = token_list_contradicted(f->tokens);
	return true;
}

static bool bury_tokens(struct fetch *f)
{
	if (!token_list_bury(f->tokens))
		return false;
	f->tokens = NULL;
	return true;
}

static void drop_tokens(struct fetch *f)
{
	token_list_free(f->tokens);
	f->tokens = NULL;
	finish_tokens(f);
}

static struct resource *resource_of_grants(const struct fetch *f)
{
	struct token *t = fetch_token(f);

	return t != NULL ? &t->grants : NULL;
}

static int decode_page_of_grants(struct fetch *f, const struct api_answer *a,
				 struct decode_page *page, struct error *e)
{
	return decode_grants(a->body, a->len, &f->got.grants, page, e);
}

static size_t count_grants(const struct fetch *f)
{
	return f->got.grants.n;
}

static bool apply_grants(struct fetch *f, bool *contradicted)
{
	*contradicted = model_apply_grants(fetch_token(f), &f->got.grants);
	return true;
}

static void finish_grants(struct fetch *f)
{
	grants_finish(&f->got.grants);
}

static struct resource *resource_of_audit_log(const struct fetch *f)
{
	struct organization *o = fetch_organization(f);

	return o != NULL ? &o->audit_log.resource : NULL;
}

/* Older pages are not needed if the log has them. */
static int decode_page_of_audit_log(struct fetch *f, const struct api_answer *a,
				    struct decode_page *page, struct error *e)
{
	size_t had = f->got.audit.n;
	char *cursor;
	int r = decode_audit_log(a->body, a->len, f->cursor, &f->got.audit, &cursor, e);

	if (r != 0)
		return r;
	free(f->cursor);
	f->cursor = cursor;
	bool last = cursor == NULL ||
		    audit_log_reaches(&fetch_organization(f)->audit_log, &f->got.audit, had);
	*page = (struct decode_page){.next = last ? 0 : f->page + 1, .total = -1, .pages = -1};
	return 0;
}

static size_t count_audit_events(const struct fetch *f)
{
	return f->got.audit.n;
}

static bool apply_audit_log(struct fetch *f, bool *contradicted)
{
	*contradicted = audit_log_apply(&fetch_organization(f)->audit_log, &f->got.audit);
	return true;
}

static void finish_audit_log(struct fetch *f)
{
	audit_records_finish(&f->got.audit);
}

static struct api_call *ask_for_token(struct api *api, const struct api_target *t, int64_t page)
{
	(void)page;
	return api_get_token(api, t);
}

static int decode_grants_of_token(struct fetch *f, const struct api_answer *a,
				  struct decode_page *page, struct error *e);

const struct source sources[] = {
	[SOURCE_ORGANIZATIONS] = {resource_of_organizations, api_list_organizations,
				  decode_page_of_organizations, count_organizations,
				  id_of_organization, NULL, NULL, apply_organizations, NULL,
				  finish_organizations, NULL},
	[SOURCE_DATABASES] = {resource_of_databases, api_list_databases, decode_page_of_databases,
			      count_databases, id_of_database, NULL, NULL, apply_databases, NULL,
			      finish_databases, API_READ_DATABASES},
	[SOURCE_TOKENS] = {resource_of_tokens, api_list_tokens, decode_page_of_tokens, count_tokens,
			   id_of_token, sort_tokens, different_tokens, apply_tokens, bury_tokens,
			   drop_tokens, API_READ_SERVICE_TOKENS},
	[SOURCE_TOKEN] = {resource_of_grants, ask_for_token, decode_grants_of_token, count_grants,
			  NULL, NULL, NULL, apply_grants, NULL, finish_grants,
			  API_READ_SERVICE_TOKENS},
	[SOURCE_GRANTS] = {resource_of_grants, api_list_grants, decode_page_of_grants, count_grants,
			   NULL, NULL, NULL, apply_grants, NULL, finish_grants,
			   API_READ_SERVICE_TOKENS},
	[SOURCE_AUDIT_LOG] = {resource_of_audit_log, api_list_audit_log, decode_page_of_audit_log,
			      count_audit_events, NULL, NULL, NULL, apply_audit_log, NULL,
			      finish_audit_log, API_READ_AUDIT_LOGS},
};

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t fetch_different(const struct fetch *f)
{
	size_t n = f->source->id != NULL ? f->source->count(f) : 0, different = 0;

	if (f->source->different != NULL)
		return f->source->different(f);
	const char **ids = xcalloc(n, sizeof(*ids));

	for (size_t i = 0; i < n; i++)
		ids[i] = f->source->id(f, i);
	if (n > 0)
		qsort(ids, n, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < n; i++)
		different += i == 0 || strcmp(ids[i - 1], ids[i]) != 0;
	free(ids);
	return different;
}

/* If the token lacks its grants, fetch them from /grants, from now on for all tokens. */
static int decode_grants_of_token(struct fetch *f, const struct api_answer *a,
				  struct decode_page *page, struct error *e)
{
	cleanup(token_record_finish) struct token_record token = {0};
	int r = decode_token(a->body, a->len, &token, e);

	*page = (struct decode_page){.next = 0, .total = -1, .pages = -1};
	if (r != 0)
		return r;
	if (token.has_grants) {
		f->got.grants = token.grants;
		token.grants = (struct grants)GRANTS_INIT;
	} else {
		f->store->no_accesses = true;
		f->source = &sources[SOURCE_GRANTS];
		page->next = 1;
	}
	return 0;
}

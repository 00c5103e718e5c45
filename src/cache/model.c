/* SPDX-License-Identifier: MIT */
#include "cache/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/names.h"

/* The wall clock goes back by more than this only when it is set. */
#define CLOCK_STEP_NS 1000000000

static int64_t wall_ns(const struct model *m)
{
	return clock_wall_ns(m->cache->clock);
}

void model_note(const struct organization *o, enum model_change what, const char *token_id,
		const char *database_id)
{
	const struct model *m = o->model;

	if (m->changed != NULL)
		m->changed(m->changed_ctx, what, o, token_id, database_id);
}

int64_t model_time_seen(const struct model *m, int64_t *ns, int64_t given_ns)
{
	int64_t now = wall_ns(m);

	if (*ns != given_ns && *ns > now + CLOCK_STEP_NS)
		*ns = now;
	return *ns;
}

static void token_free(struct token *t)
{
	resource_finish(&t->grants);
	model_finish_permissions(t);
	token_record_finish(&t->r);
	free(t->file_name);
	free(t);
}

/* --- names: the file names of objects within an organization ---------------------------------- */

static int by_token_file_name(const void *a, const void *b)
{
	return strcmp((*(struct token *const *)a)->file_name,
		      (*(struct token *const *)b)->file_name);
}

static int by_token_id(const void *a, const void *b)
{
	return strcmp((*(struct token *const *)a)->r.id, (*(struct token *const *)b)->r.id);
}

static void name_tokens(struct organization *o)
{
	struct named *v = xcalloc(o->n_tokens, sizeof(*v));

	for (size_t i = 0; i < o->n_tokens; i++)
		v[i] = (struct named){o->token[i]->r.id, o->token[i]->r.name, NULL};
	names_assign(v, o->n_tokens);
	for (size_t i = 0; i < o->n_tokens; i++) {
		struct token *t = o->token[i];
		if (t->file_name != NULL && strcmp(t->file_name, v[i].file_name) != 0)
			model_note(o, MODEL_TOKEN_RENAMED, t->r.id, NULL);
		free(t->file_name);
		t->file_name = v[i].file_name;
	}
	free(v);
	o->tokens_ordered = clock_stamp(o->model->cache->clock);
	o->token_by_id = xrealloc(o->token_by_id, o->n_tokens * sizeof(struct token *));
	if (o->n_tokens == 0)
		return;
	memcpy(o->token_by_id, o->token, o->n_tokens * sizeof(struct token *));
	qsort(o->token, o->n_tokens, sizeof(struct token *), by_token_file_name);
	qsort(o->token_by_id, o->n_tokens, sizeof(struct token *), by_token_id);
}

static int file_name_order(const void *file_name, const void *token)
{
	return strcmp(file_name, (*(struct token *const *)token)->file_name);
}

static int id_order(const void *id, const void *token)
{
	return strcmp(id, (*(struct token *const *)token)->r.id);
}

static struct token *token_in(struct token **sorted, size_t n, const char *key,
			      int (*order)(const void *key, const void *token))
{
	struct token **found = n == 0 ? NULL : bsearch(key, sorted, n, sizeof(*sorted), order);

	return found == NULL ? NULL : *found;
}

struct token *model_token_named(const struct organization *o, const char *file_name)
{
	return token_in(o->token, o->n_tokens, file_name, file_name_order);
}

size_t model_token_number(const struct token *t)
{
	const struct organization *o = t->org;
	struct token **found =
		bsearch(t->file_name, o->token, o->n_tokens, sizeof(*found), file_name_order);

	assert(found != NULL);
	return (size_t)(found - o->token);
}

struct token *model_token(const struct organization *o, const char *id)
{
	return token_in(o->token_by_id, o->n_tokens, id, id_order);
}

static struct token *token_new(struct organization *o, struct token_record *r)
{
	struct token *t = xcalloc(1, sizeof(*t));
	struct model *m = o->model;

	t->org = o;
	t->r = *r;
	memset(r, 0, sizeof(*r));
	t->known_since_ms = clock_real_ms(m->cache->clock);
	resource_init(&t->grants, m->cache, m->sources.grants, m->sources.ctx);
	return t;
}

/* New data about a known token. Its grants are used only if no change of ours came in between. */
static void token_update(struct token *t, struct token_record *r, uint64_t started)
{
	struct grants grants = r->grants;
	bool has_grants = r->has_grants;

	if (!str_eq(r->info, t->r.info))
		model_note(t->org, MODEL_TOKEN, t->r.id, NULL);
	r->grants = (struct grants)GRANTS_INIT;
	struct grants known = t->r.grants;
	t->r.grants = (struct grants)GRANTS_INIT;
	token_record_finish(&t->r);
	t->r = *r;
	t->r.grants = known;
	memset(r, 0, sizeof(*r));
	if (has_grants && resource_accepts(&t->grants, started)) {
		bool contradicted = model_apply_grants(t, &grants);
		resource_supply(&t->grants, started);
		if (contradicted)
			resource_doubt(&t->grants);
	}
	grants_finish(&grants);
}

/* A new token brings its grants, if it has them, as its first data. */
static struct token *token_adopt(struct organization *o, struct token_record *r, uint64_t started)
{
	struct token *t = token_new(o, r);

	if (!t->r.has_grants)
		return t;
	bool contradicted = recent_correct(&o->model->recent, t->r.id, &t->r.grants, true);
	resource_supply(&t->grants, started);
	if (contradicted)
		resource_doubt(&t->grants);
	return t;
}

static int by_record_id(const void *a, const void *b)
{
	return strcmp(((const struct token_record *)a)->id, ((const struct token_record *)b)->id);
}

/* The next index after `i` with another token: overlapping pages may list a token twice. */
static size_t next_record(const struct token_records *list, size_t i, const char *id)
{
	for (i++; i < list->n && strcmp(list->v[i].id, id) == 0;)
		i++;
	return i;
}

static void tokens_changed(struct organization *o)
{
	o->tokens_mtime_ns = wall_ns(o->model);
	model_note(o, MODEL_TOKENS, NULL, NULL);
}

bool model_apply_tokens(struct organization *o, struct token_records *list, uint64_t started)
{
	struct recent_changes *recent = &o->model->recent;
	struct token **next = xcalloc(list->n + o->n_tokens, sizeof(struct token *));
	size_t n = 0, known = 0;
	bool contradicted = false;

	if (list->n > 0)
		qsort(list->v, list->n, sizeof(*list->v), by_record_id);
	/* Both sides are sorted by id: merge them. */
	for (size_t i = 0, j = 0; i < list->n || j < o->n_tokens;) {
		int c = i == list->n       ? 1
			: j == o->n_tokens ? -1
					   : strcmp(list->v[i].id, o->token_by_id[j]->r.id);
		if (c > 0) {
			struct token *t = o->token_by_id[j++];
			if (recent_keeps_token(recent, t->r.id)) {
				next[n++] = t;
				known++;
				contradicted = true;
			} else {
				model_note(o, MODEL_TOKEN, t->r.id, NULL);
				token_free(t);
			}
			continue;
		}
		if (recent_hides_token(recent, list->v[i].id)) {
			i = next_record(list, i, list->v[i].id);
			contradicted = true;
			continue;
		}
		if (c == 0) {
			token_update(o->token_by_id[j], &list->v[i], started);
			next[n++] = o->token_by_id[j++];
			known++;
		} else {
			next[n++] = token_adopt(o, &list->v[i], started);
		}
		i = next_record(list, i, next[n - 1]->r.id);
	}
	if (o->tokens.has_data && (known != n || n != o->n_tokens))
		tokens_changed(o);
	free(o->token);
	o->token = next;
	o->n_tokens = n;
	name_tokens(o);
	token_records_finish(list);
	return contradicted;
}

struct token *model_add_token(struct organization *o, struct token_record *r)
{
	struct token *t = model_token(o, r->id);

	recent_token(&o->model->recent, r->id, true);
	if (t != NULL)
		return t;
	t = token_adopt(o, r, clock_stamp(o->model->cache->clock));
	o->token = xrealloc(o->token, (o->n_tokens + 1) * sizeof(struct token *));
	o->token[o->n_tokens++] = t;
	tokens_changed(o);
	name_tokens(o);
	return t;
}

void model_remove_token(struct token *t)
{
	struct organization *o = t->org;
	size_t n = 0;

	recent_token(&o->model->recent, t->r.id, false);
	for (size_t i = 0; i < o->n_tokens; i++)
		if (o->token[i] != t)
			o->token[n++] = o->token[i];
	o->n_tokens = n;
	tokens_changed(o);
	model_note(o, MODEL_TOKEN, t->r.id, NULL);
	token_free(t);
	name_tokens(o);
}

/* --- organizations ---------------------------------------------------------------------------- */

static void organization_free(struct organization *o)
{
	resource_finish(&o->databases);
	resource_finish(&o->tokens);
	model_finish_databases(o);
	audit_log_finish(&o->audit_log);
	for (size_t i = 0; i < o->n_tokens; i++)
		token_free(o->token[i]);
	free(o->token);
	free(o->token_by_id);
	free(o->file_name);
	organization_record_finish(&o->r);
	free(o);
}

static struct organization *organization_new(struct model *m, struct organization_record *r)
{
	struct organization *o = xcalloc(1, sizeof(*o));
	int64_t created_s = time_parse(r->created_at);

	o->model = m;
	o->r = *r;
	memset(r, 0, sizeof(*r));
	o->tokens_mtime_ns = created_s >= 0 ? created_s * 1000000000 : m->born_ns;
	resource_init(&o->databases, m->cache, m->sources.databases, m->sources.ctx);
	resource_init(&o->tokens, m->cache, m->sources.tokens, m->sources.ctx);
	audit_log_init(&o->audit_log, m->cache, m->sources.audit_log, m->sources.ctx);
	return o;
}

struct organization *model_organization(const struct model *m, const char *id)
{
	for (size_t i = 0; i < m->n_organizations; i++)
		if (strcmp(m->organization[i]->r.id, id) == 0)
			return m->organization[i];
	return NULL;
}

struct organization *model_organization_named(const struct model *m, const char *file_name)
{
	for (size_t i = 0; i < m->n_organizations; i++)
		if (strcmp(m->organization[i]->file_name, file_name) == 0)
			return m->organization[i];
	return NULL;
}

static int by_organization_file_name(const void *a, const void *b)
{
	return strcmp((*(struct organization *const *)a)->file_name,
		      (*(struct organization *const *)b)->file_name);
}

static void name_organizations(struct organization **v, size_t n)
{
	struct named *names = xcalloc(n, sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = (struct named){v[i]->r.id, v[i]->r.name, NULL};
	names_assign(names, n);
	for (size_t i = 0; i < n; i++) {
		free(v[i]->file_name);
		v[i]->file_name = names[i].file_name;
	}
	free(names);
	if (n > 0)
		qsort(v, n, sizeof(*v), by_organization_file_name);
}

static bool has_organization(struct organization *const *v, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i]->r.id, id) == 0)
			return true;
	return false;
}

void model_apply_organizations(struct model *m, struct organization_records *list)
{
	struct organization **next = xcalloc(list->n, sizeof(*next));
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct organization_record *r = &list->v[i];
		if (has_organization(next, n, r->id))
			continue;
		struct organization *o = model_organization(m, r->id);
		if (o == NULL) {
			o = organization_new(m, r);
		} else {
			if (!str_eq(o->r.info, r->info))
				model_note(o, MODEL_ORGANIZATION, NULL, NULL);
			organization_record_finish(&o->r);
			o->r = *r;
			memset(r, 0, sizeof(*r));
		}
		next[n++] = o;
	}
	for (size_t i = 0; i < m->n_organizations; i++)
		if (!has_organization(next, n, m->organization[i]->r.id)) {
			model_note(m->organization[i], MODEL_ORGANIZATION, NULL, NULL);
			organization_free(m->organization[i]);
		}
	free(m->organization);
	m->organization = next;
	m->n_organizations = n;
	name_organizations(next, n);
	organization_records_finish(list);
}

/* --- the whole -------------------------------------------------------------------------------- */

void model_init(struct model *m, struct cache *cache, const struct model_sources *sources)
{
	*m = (struct model){.cache = cache, .sources = *sources};
	m->born_ns = wall_ns(m);
	recent_init(&m->recent, cache->clock);
	resource_init(&m->organizations, cache, sources->organizations, sources->ctx);
}

void model_finish(struct model *m)
{
	resource_finish(&m->organizations);
	for (size_t i = 0; i < m->n_organizations; i++)
		organization_free(m->organization[i]);
	free(m->organization);
	while (m->n_kept > 0)
		model_drop_secret(m, m->kept[0].token_id);
	free(m->kept);
	recent_finish(&m->recent);
	*m = (struct model){.cache = m->cache};
}

void model_expire(struct model *m)
{
	resource_expire(&m->organizations);
	for (size_t i = 0; i < m->n_organizations; i++) {
		struct organization *o = m->organization[i];
		resource_expire(&o->databases);
		resource_expire(&o->tokens);
		resource_expire(&o->audit_log.resource);
		for (size_t j = 0; j < o->n_tokens; j++)
			resource_expire(&o->token[j]->grants);
	}
}

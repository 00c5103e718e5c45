#include "store.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "log.h"
#include "store_internal.h"

/* More pages than this are no list, whatever "next_page" says. */
#define PAGES_MAX 2000

enum fetch_kind {
	FETCH_ORGANIZATIONS,
	FETCH_DATABASES,
	FETCH_TOKENS,
	FETCH_TOKEN,
	FETCH_GRANTS
};

/* One fetch under way: all pages of a list, or a token's grants. */
struct fetch {
	struct waiter
		waiter; /* first; waits for the organizations when a 404 has to be explained */
	struct list link;
	struct store *store; /* borrowed */
	enum fetch_kind kind;
	char *organization_id; /* owned; NULL for FETCH_ORGANIZATIONS */
	char *token_id;        /* owned; NULL for lists */
	uint64_t started;
	struct api_call *call; /* borrowed */
	int64_t page;
	int pages;
	uint64_t probe_since; /* not 0: waiting for the probe */
	struct error refusal; /* what the probe explains */
	struct organization_records organizations;
	struct database_records databases;
	struct token_records tokens;
	struct grants grants;
};

static void fetch_free(struct fetch *f)
{
	waiter_leave(&f->waiter);
	list_remove(&f->link);
	organization_records_finish(&f->organizations);
	database_records_finish(&f->databases);
	token_records_finish(&f->tokens);
	grants_finish(&f->grants);
	free(f->organization_id);
	free(f->token_id);
	free(f);
}

static struct organization *fetch_organization(const struct fetch *f)
{
	return f->organization_id == NULL
		       ? NULL
		       : model_organization(&f->store->model, f->organization_id);
}

/* The resource this fetch serves, if it still waits for just this fetch; else NULL. */
static struct resource *fetch_resource(const struct fetch *f)
{
	struct organization *o = fetch_organization(f);
	struct token *t = o != NULL && f->token_id != NULL ? model_token(o, f->token_id) : NULL;
	struct resource *r = NULL;

	switch (f->kind) {
	case FETCH_ORGANIZATIONS:
		r = &f->store->model.organizations;
		break;
	case FETCH_DATABASES:
		r = o != NULL ? &o->databases : NULL;
		break;
	case FETCH_TOKENS:
		r = o != NULL ? &o->tokens : NULL;
		break;
	case FETCH_TOKEN:
	case FETCH_GRANTS:
		r = t != NULL ? &t->grants : NULL;
		break;
	}
	return r != NULL && r->state == RESOURCE_FETCHING && r->started == f->started ? r : NULL;
}

/* Nothing is left to serve, or a change of ours has overtaken it: then it is over. */
static bool fetch_over(struct fetch *f)
{
	struct resource *r = fetch_resource(f);

	if (r != NULL && resource_current(r, f->started))
		return false;
	fetch_free(f);
	if (r != NULL)
		resource_void(r);
	return true;
}

static void fetch_fail(struct fetch *f, const struct error *e)
{
	struct resource *r = fetch_resource(f);
	struct error copy = *e;

	fetch_free(f);
	if (r != NULL)
		resource_failed(r, &copy);
}

static void fetch_apply(struct fetch *f)
{
	struct resource *r = fetch_resource(f);
	struct organization *o = fetch_organization(f);

	switch (f->kind) {
	case FETCH_ORGANIZATIONS:
		model_apply_organizations(&f->store->model, &f->organizations);
		break;
	case FETCH_DATABASES:
		model_apply_databases(o, &f->databases);
		break;
	case FETCH_TOKENS:
		model_apply_tokens(o, &f->tokens, f->started);
		break;
	case FETCH_TOKEN:
	case FETCH_GRANTS:
		model_apply_grants(container_of(r, struct token, grants), &f->grants);
		break;
	}
	bool list = f->token_id == NULL;
	fetch_free(f);
	resource_landed(r);
	if (list)
		malloc_trim(0); /* a long list leaves many times its size behind */
}

/* --- a 404 may mean a bad token, a missing right or a missing thing ----------------------------
 */

/*
 * The organizations are listed for every valid credential: if that fails, the credential is the
 * reason; if ours is no longer among them, it is gone; if it is, the thing or the right is.
 */
static void probe_answer(struct fetch *f)
{
	struct model *m = &f->store->model;
	int r = resource_need_since(&m->organizations, &f->waiter, f->probe_since);
	struct error e = f->refusal;

	if (r == WAIT)
		return;
	if (r < 0) {
		fetch_fail(f, &f->waiter.error);
		return;
	}
	struct organization *o = fetch_organization(f);
	if (o == NULL) {
		fetch_free(f);
		return;
	}
	if (f->token_id != NULL) {
		e.err = EIDRM;
		error_hint(&e, "somebody else deleted the token");
		resource_forget(&o->tokens);
	} else {
		e.err = EACCES;
		error_hint(&e,
			   "PlanetScale also answers 404 where a right is missing: a service token "
			   "needs %s",
			   f->kind == FETCH_TOKENS ? "read_service_tokens" : "read_databases");
	}
	fetch_fail(f, &e);
}

static void fetch_run(struct waiter *w)
{
	struct fetch *f = container_of(w, struct fetch, waiter);

	if (!fetch_over(f))
		probe_answer(f);
}

static void fetch_refused(struct fetch *f, const struct error *e)
{
	if (e->http_status != 404 || f->kind == FETCH_ORGANIZATIONS) {
		fetch_fail(f, e);
		return;
	}
	f->refusal = *e;
	f->probe_since = clock_stamp(f->store->all->clock);
	probe_answer(f);
}

/* --- pages ---------------------------------------------------------------------------------------
 */

static void fetch_page(struct fetch *f);

static int decode_page(struct fetch *f, const struct api_answer *a, int64_t *next, struct error *e)
{
	struct token_record token = {0};
	int r = 0;

	*next = 0;
	switch (f->kind) {
	case FETCH_ORGANIZATIONS:
		return decode_organizations(a->body, a->len, &f->organizations, next, e);
	case FETCH_DATABASES:
		return decode_databases(a->body, a->len, &f->databases, next, e);
	case FETCH_TOKENS:
		return decode_tokens(a->body, a->len, &f->tokens, next, e);
	case FETCH_GRANTS:
		return decode_grants(a->body, a->len, &f->grants, next, e);
	case FETCH_TOKEN:
		r = decode_token(a->body, a->len, &token, e);
		if (r != 0)
			return r;
		if (token.has_grants) {
			f->grants = token.grants;
			token.grants = (struct grants)GRANTS_INIT;
		} else {
			f->store->no_accesses = true;
			f->kind = FETCH_GRANTS;
			*next = 1;
		}
		token_record_finish(&token);
		return 0;
	}
	return -EINVAL;
}

static size_t fetched(const struct fetch *f)
{
	return f->organizations.n + f->databases.n + f->tokens.n + f->grants.n;
}

static void fetch_answer(void *ctx, const struct api_answer *a)
{
	struct fetch *f = ctx;
	struct error e;
	int64_t next = 0;

	f->call = NULL;
	if (fetch_over(f))
		return;
	if (a->error.err != 0) {
		fetch_refused(f, &a->error);
		return;
	}
	if (decode_page(f, a, &next, &e) != 0) {
		error_wrap(&e, "PlanetScale's answer makes no sense");
		e.http_status = a->error.http_status;
		memcpy(e.request_id, a->error.request_id, sizeof(e.request_id));
		fetch_fail(f, &e);
		return;
	}
	if (next == 0) {
		fetch_apply(f);
		return;
	}
	if (next <= f->page || ++f->pages > PAGES_MAX || fetched(f) > DECODE_ITEMS_MAX) {
		error_set(&e, EREMOTEIO,
			  "PlanetScale's list does not end: page %lld is followed by %lld",
			  (long long)f->page, (long long)next);
		fetch_fail(f, &e);
		return;
	}
	f->page = next;
	fetch_page(f);
}

static void fetch_page(struct fetch *f)
{
	struct organization *o = fetch_organization(f);
	const struct resource *r = fetch_resource(f);
	struct api_target t = {
		.organization = o != NULL ? o->r.name : NULL,
		.token_id = f->token_id,
		.prefetch = r != NULL && list_empty(&r->waiters),
		.done = fetch_answer,
		.ctx = f,
	};

	switch (f->kind) {
	case FETCH_ORGANIZATIONS:
		f->call = api_list_organizations(f->store->api, &t, f->page);
		break;
	case FETCH_DATABASES:
		f->call = api_list_databases(f->store->api, &t, f->page);
		break;
	case FETCH_TOKENS:
		f->call = api_list_tokens(f->store->api, &t, f->page);
		break;
	case FETCH_TOKEN:
		f->call = api_get_token(f->store->api, &t);
		break;
	case FETCH_GRANTS:
		f->call = api_list_grants(f->store->api, &t, f->page);
		break;
	}
}

static void fetch_start(struct store *s, enum fetch_kind kind, struct resource *r,
			const struct organization *o, const struct token *t)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	waiter_init(&f->waiter, s->all, fetch_run);
	f->store = s;
	f->kind = kind;
	f->organization_id = o != NULL ? xstrdup(o->r.id) : NULL;
	f->token_id = t != NULL ? xstrdup(t->r.id) : NULL;
	f->started = r->started;
	f->page = kind == FETCH_TOKEN ? 0 : 1;
	list_append(&s->fetches, &f->link);
	fetch_page(f);
}

/* Its page under way goes before what nobody waits for; the next ones do by themselves. */
static void fetch_awaited(struct resource *r, void *ctx)
{
	struct store *s = ctx;

	list_for_each(pos, &s->fetches)
	{
		struct fetch *f = container_of(pos, struct fetch, link);
		if (f->call != NULL && fetch_resource(f) == r)
			api_promote(f->call);
	}
}

static void start_organizations(struct resource *r, void *ctx)
{
	fetch_start(ctx, FETCH_ORGANIZATIONS, r, NULL, NULL);
}

static void start_databases(struct resource *r, void *ctx)
{
	fetch_start(ctx, FETCH_DATABASES, r, container_of(r, struct organization, databases), NULL);
}

static void start_tokens(struct resource *r, void *ctx)
{
	fetch_start(ctx, FETCH_TOKENS, r, container_of(r, struct organization, tokens), NULL);
}

static void start_grants(struct resource *r, void *ctx)
{
	struct token *t = container_of(r, struct token, grants);
	struct store *s = ctx;

	fetch_start(s, s->no_accesses ? FETCH_GRANTS : FETCH_TOKEN, r, t->org, t);
}

/* --- needs
 * ---------------------------------------------------------------------------------------- */

struct model *store_model(struct store *s)
{
	return &s->model;
}

int store_need_all_grants(struct store *s, struct waiter *w, struct organization *o)
{
	(void)s;
	/* What landed or failed since serves `w`: do not ask again whenever it is run. */
	for (size_t i = 0; i < o->n_tokens; i++) {
		struct resource *r = &o->token[i]->grants;
		if (r->data_landed <= w->arrived && r->failed_landed <= w->arrived)
			resource_prefetch(r);
	}
	for (size_t i = 0; i < o->n_tokens; i++) {
		int r = resource_need(&o->token[i]->grants, w);
		if (r != 0)
			return r;
	}
	return 0;
}

/* --- jobs
 * ------------------------------------------------------------------------------------------ */

static bool its_turn(const struct store_job *job)
{
	list_for_each(pos, &job->store->jobs)
	{
		const struct store_job *other = container_of(pos, struct store_job, link);
		if (other == job)
			return true;
		if (job->token_id != NULL && str_eq(other->token_id, job->token_id))
			return false;
	}
	return true;
}

static void job_run(struct waiter *w)
{
	struct store_job *job = container_of(w, struct store_job, waiter);

	if (job->call == NULL && its_turn(job))
		job->step(job);
}

void *store_job_new(struct store *s, size_t size, const char *organization_id, const char *token_id,
		    store_done *done, void *ctx)
{
	struct store_job *job = xcalloc(1, size);

	waiter_init(&job->waiter, s->all, job_run);
	job->store = s;
	job->organization_id = xstrdup(organization_id);
	job->token_id = xstrdup(token_id);
	job->done = done;
	job->ctx = ctx;
	list_append(&s->jobs, &job->link);
	waiter_wake(&job->waiter);
	return job;
}

static void job_free(struct store_job *job)
{
	if (job->call != NULL)
		api_cancel(job->call);
	waiter_leave(&job->waiter);
	list_remove(&job->link);
	if (job->finish != NULL)
		job->finish(job);
	free(job->organization_id);
	free(job->token_id);
	free(job);
}

static void wake_next(struct store *s, const char *token_id)
{
	list_for_each(pos, &s->jobs)
	{
		struct store_job *other = container_of(pos, struct store_job, link);
		if (token_id == NULL || !str_eq(other->token_id, token_id))
			continue;
		waiter_wake(&other->waiter);
		return;
	}
}

static void job_leave(struct store_job *job)
{
	struct store *s = job->store;
	char *token_id = job->token_id;

	job->token_id = NULL;
	job_free(job);
	wake_next(s, token_id);
	free(token_id);
}

void store_job_end(struct store_job *job, const struct error *e, const char *made_id)
{
	store_done *done = job->done;
	void *ctx = job->ctx;
	struct error copy = e != NULL ? *e : (struct error){0};

	job_leave(job);
	done(ctx, e != NULL ? &copy : NULL, made_id);
}

struct organization *store_job_organization(struct store_job *job, struct error *e)
{
	struct organization *o = model_organization(&job->store->model, job->organization_id);

	if (o == NULL)
		error_set(e, ENOENT, "the organization is gone");
	return o;
}

struct token *store_job_token(struct store_job *job, struct error *e)
{
	struct organization *o = store_job_organization(job, e);
	struct token *t = o != NULL ? model_token(o, job->token_id) : NULL;

	if (o != NULL && t == NULL) {
		error_set(e, EIDRM, "the service token %s is gone", job->token_id);
		error_hint(e, "somebody else deleted it");
	}
	return t;
}

bool store_job_sent(const struct store_job *job)
{
	return job->changed || (job->changing && job->call != NULL && api_sent(job->call));
}

bool store_drop(struct store_job *job)
{
	if (store_job_sent(job))
		return false;
	job_leave(job);
	return true;
}

void store_cancel(struct store_job *job)
{
	job_leave(job);
}

/* --- the whole
 * -------------------------------------------------------------------------------------- */

struct store *store_new(struct api *api, struct resources *all)
{
	struct store *s = xcalloc(1, sizeof(*s));
	struct model_sources sources = {
		.organizations = start_organizations,
		.databases = start_databases,
		.tokens = start_tokens,
		.grants = start_grants,
		.ctx = s,
	};

	s->api = api;
	s->all = all;
	all->awaited = fetch_awaited;
	all->ctx = s;
	list_init(&s->fetches);
	list_init(&s->jobs);
	model_init(&s->model, all, &sources);
	return s;
}

void store_free(struct store *s)
{
	if (s == NULL)
		return;
	list_for_each(pos, &s->jobs) job_free(container_of(pos, struct store_job, link));
	list_for_each(pos, &s->fetches)
	{
		struct fetch *f = container_of(pos, struct fetch, link);
		if (f->call != NULL)
			api_cancel(f->call);
		fetch_free(f);
	}
	model_finish(&s->model);
	free(s);
}

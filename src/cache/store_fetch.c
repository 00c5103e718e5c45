/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "cache/store.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cache/store_internal.h"
#include "cache/store_source.h"
#include "planetscale/decode.h"

/* How often a list of several pages is read again if it changed while it was read. */
#define REREADS_MAX 5
/* A list with more pages is refused, whatever "next_page" says. */
#define PAGES_MAX 2000
/* So is one with more bytes in all its pages, for what they say is stored until the last has come.
 * The tokens of 10 databases take 6 KiB each: 50,000 of them need 280 MiB. */
#define LIST_MAX_BYTES ((size_t)512 << 20)
/* Bytes of a list after which free memory is given back. That holds the loop for as long as there is
 * memory to look at, 12 ms with 50,000 tokens; and they need it again when they are read again. */
#define TRIM_MOST ((size_t)32 << 20)
/* Bytes of a page of tokens that is decoded when it comes. A larger one is decoded in slices. */
#define DECODE_AT_ONCE ((size_t)128 << 10)
/* Pages of one list under way at once, if the number of its pages is known. */
#define PAGES_AT_ONCE 32

/* --- one fetch -------------------------------------------------------------------------------- */

/* A request for one page, or its answer while that is decoded. */
struct asked_page {
	struct list link;
	struct fetch *fetch; /* borrowed */
	int64_t number;
	struct api_call *call; /* borrowed; NULL: it was answered */
	struct sliced sliced;
	struct decode_tokens *tokens; /* owned; or NULL */
	struct error answer;          /* which one it was, for the sentence of a failure */
};

static void asked_free(struct asked_page *p)
{
	list_remove(&p->link);
	sliced_drop(&p->sliced);
	decode_tokens_free(p->tokens);
	free(p);
}

static void drop_asked(struct fetch *f)
{
	list_for_each(pos, &f->asked) {
		struct asked_page *p = container_of(pos, struct asked_page, link);
		if (p->call != NULL)
			api_cancel(p->call);
		asked_free(p);
	}
}

static void fetch_free(struct fetch *f)
{
	drop_asked(f);
	sliced_drop(&f->sliced);
	waiter_leave(&f->waiter);
	list_remove(&f->link);
	f->source->finish(f);
	target_finish(&f->target);
	free(f->cursor);
	free(f);
}

/* The resource of this fetch, if it still waits for this fetch; else NULL. */
static struct resource *fetch_resource(const struct fetch *f)
{
	struct resource *r = f->source->resource(f);

	return r != NULL && r->state == RESOURCE_FETCHING && r->started == f->started ? r : NULL;
}

/* End the fetch if its resource is gone or a change of ours has made it outdated. */
static bool fetch_over(struct fetch *f)
{
	struct resource *r = fetch_resource(f);

	if (r != NULL && resource_current(r, f->started))
		return false;
	fetch_free(f);
	if (r != NULL)
		resource_fetch_discarded(r);
	return true;
}

/* Is it a fetch in advance that nobody has needed yet? */
static bool fetch_only_ahead(const struct fetch *f)
{
	struct resource *r = fetch_resource(f);

	return f->target.token_id != NULL && r != NULL && list_empty(&r->waiters) && r->read_ahead;
}

/* If nobody needs it, its failure is nobody's: whoever needs it later asks anew. */
static void fetch_fail(struct fetch *f, const struct error *e)
{
	struct resource *r = fetch_resource(f);
	bool only_ahead = fetch_only_ahead(f);
	struct error copy = *e;

	fetch_free(f);
	if (only_ahead)
		resource_fetch_discarded(r);
	else if (r != NULL)
		resource_failed(r, &copy);
}

/* A slice of the end of a fetch that has landed. False: more is left. */
static bool fetch_buried(struct fetch *f)
{
	if (f->source->bury != NULL && !f->source->bury(f))
		return false;
	fetch_free(f);
	return true;
}

/* False: a slice of it was done. */
static bool fetch_apply(struct fetch *f)
{
	struct resource *r = fetch_resource(f);
	bool contradicted = false;
	bool list = f->target.token_id == NULL && f->bytes <= TRIM_MOST;

	if (!f->source->apply(f, &contradicted))
		return false;
	f->landed = true;
	resource_landed(r);
	if (contradicted)
		resource_doubt(r);
	bool buried = fetch_buried(f);
	if (list)
		malloc_trim(0); /* it leaves many times its size as free memory */
	return buried;
}

/* --- a 404 may mean a bad token, a missing right or a missing thing --------------------------- */

/*
 * The organizations are listed for every valid credential. If that fails, the credential is the
 * reason; if ours is no longer listed, it is gone; if it is listed, the thing or the right is
 * missing. For a token, the list of tokens is read, which does the same if it is refused: if the
 * token is gone, this fetch ends.
 */
static void probe_answer(struct fetch *f)
{
	struct organization *o = fetch_organization(f);
	struct resource *probe = o != NULL && f->target.token_id != NULL
					 ? &o->tokens
					 : &f->store->model.organizations;
	int r = resource_need_since(probe, &f->waiter, f->probe_since);
	struct error e = f->refusal;

	if (r == WAIT)
		return;
	if (r < 0) {
		fetch_fail(f, &f->waiter.error);
		return;
	}
	if (fetch_organization(f) == NULL) {
		fetch_free(f);
		return;
	}
	const char *needs = f->source->needs;
	e.err = EACCES;
	error_hint(
		&e,
		"PlanetScale also answers 404 where a right is missing: a service token needs %s",
		needs);
	api_learn(f->store->api, needs, API_RIGHT_LACKING);
	fetch_fail(f, &e);
}

static void fetch_page(struct fetch *f);

static void fetch_run(struct waiter *w)
{
	struct fetch *f = container_of(w, struct fetch, waiter);

	if (fetch_over(f))
		return;
	if (f->probe_since != 0)
		probe_answer(f);
	else
		fetch_page(f);
}

/* A replica may not know yet a token that was just made: ask again. In the end the list of tokens
 * decides, without correction. */
static bool fetch_settles(struct fetch *f)
{
	if (f->target.token_id == NULL || !recent_made(&f->store->model.recent, f->target.token_id))
		return false;
	if (!f->settling.on)
		settling_begin(&f->settling, f->store);
	int64_t wait_ms = settling_next_ms(&f->settling, f->store);
	if (wait_ms >= 0)
		waiter_sleep(&f->waiter, wait_ms);
	else
		recent_token_unknown(&f->store->model.recent, f->target.token_id);
	return wait_ms >= 0;
}

static void fetch_refused(struct fetch *f, const struct error *e)
{
	if (fetch_only_ahead(f)) {
		fetch_fail(f, e);
		return;
	}
	if (e->http_status == 404 && fetch_settles(f))
		return;
	if (e->http_status != 404 || f->source->needs == NULL) {
		fetch_fail(f, e);
		return;
	}
	f->refusal = *e;
	f->probe_since = clock_stamp(f->store->cache->clock);
	probe_answer(f);
}

/* --- pages ------------------------------------------------------------------------------------ */

/*
 * Pages are counted at the time of each request: if an object is deleted in between, the rest
 * moves up, and an object at the border of two pages is in neither. The total in each page shows
 * that. If a second reading differs from the same total by as much, PlanetScale counts in another
 * way.
 */
static bool fetch_shifted(struct fetch *f)
{
	size_t n = fetch_different(f);

	if (f->changed)
		return true;
	if (f->total < 0 || (int64_t)n >= f->total || (n == f->had && f->total == f->had_total))
		return false;
	f->had = n;
	f->had_total = f->total;
	return true;
}

/* Store the total that a page of a list has. Where items have no ids, it has no use. */
static void note_total(struct fetch *f, const struct decode_page *page)
{
	int64_t total = f->source->id != NULL ? page->total : -1;

	f->changed |= f->pages > 0 && total != f->total;
	f->total = total;
}

static void fetch_again(struct fetch *f)
{
	struct error e;

	if (++f->rereads > REREADS_MAX) {
		error_set(&e, EAGAIN, "PlanetScale's list changed each of the %d times it was read",
			  f->rereads);
		fetch_fail(f, &e);
		return;
	}
	drop_asked(f);
	f->source->finish(f);
	f->page = 1;
	f->last = 0;
	f->pages = 0;
	f->bytes = 0;
	f->changed = false;
	f->whole = false;
	fetch_page(f);
}

/* Is a list too long, with one more page if there is a `next` one? */
static bool beyond_limits(struct fetch *f, int64_t number, int64_t next, struct error *e)
{
	if (next == 0)
		return false;
	if (next <= number || ++f->pages >= PAGES_MAX || f->source->count(f) > DECODE_ITEMS_MAX)
		error_set(e, EREMOTEIO,
			  "PlanetScale's list does not end: page %lld is followed by %lld",
			  (long long)number, (long long)next);
	else if (f->bytes > LIST_MAX_BYTES)
		error_set(e, EREMOTEIO, "PlanetScale's list is larger than %zu MiB",
			  LIST_MAX_BYTES >> 20);
	else
		return false;
	return true;
}

/* How many pages the list has, if its first page says so and they can be read side by side. */
static int64_t pages_promised(const struct fetch *f, int64_t number, const struct decode_page *page)
{
	int64_t n =
		f->one_by_one || number != 1 || page->next != 2 || f->total < 0 ? 0 : page->pages;

	return n >= 2 && n < PAGES_MAX && n <= f->total ? n : 0;
}

/* Does the page name another next one than was promised? */
static bool breaks_promise(const struct fetch *f, int64_t number, int64_t next)
{
	return f->last != 0 && next != (number < f->last ? number + 1 : 0);
}

/* Later pages side by side: one at least, and others as long as they need not wait long for the
 * rate limit, because their time-out would run meanwhile. */
static void ask_for_more(struct fetch *f)
{
	while (f->page < f->last &&
	       (list_empty(&f->asked) ||
		(list_length(&f->asked) < PAGES_AT_ONCE && api_prefetch_room(f->store->api) > 0))) {
		f->page++;
		fetch_page(f);
	}
}

/* A slice of what becomes of a list that was read. False: more of it is left. */
static bool fetch_completed(struct fetch *f)
{
	if (f->source->sort != NULL && !f->source->sort(f))
		return false;
	if (!f->whole && f->pages > 0 && fetch_shifted(f)) {
		fetch_again(f);
		return true;
	}
	f->whole = true;
	return fetch_apply(f);
}

static bool fetch_slice(struct sliced *work)
{
	struct fetch *f = container_of(work, struct fetch, sliced);

	if (f->landed)
		return fetch_buried(f);
	return fetch_over(f) || fetch_completed(f);
}

static void all_pages_read(struct fetch *f)
{
	if (!fetch_completed(f))
		slices_add(&f->store->slices, &f->sliced);
}

static void page_read(struct fetch *f, int64_t number, const struct decode_page *page)
{
	int64_t next = page->next;
	struct error e;

	if (next != 0 || f->pages > 0)
		note_total(f, page);
	if (breaks_promise(f, number, next)) {
		f->one_by_one = true;
		fetch_again(f);
		return;
	}
	if (beyond_limits(f, number, next, &e)) {
		fetch_fail(f, &e);
		return;
	}
	if (f->last == 0)
		f->last = pages_promised(f, number, page);
	if (f->last != 0) {
		ask_for_more(f);
		if (list_empty(&f->asked))
			all_pages_read(f);
	} else if (next != 0) {
		f->page = next;
		fetch_page(f);
	} else {
		all_pages_read(f);
	}
}

static void fetch_answer_wrong(struct fetch *f, struct error *e, const struct error *answer)
{
	error_wrap(e, "PlanetScale's answer makes no sense");
	e->http_status = answer->http_status;
	memcpy(e->request_id, answer->request_id, sizeof(e->request_id));
	fetch_fail(f, e);
}

static bool decode_slice(struct sliced *work)
{
	struct asked_page *p = container_of(work, struct asked_page, sliced);
	struct fetch *f = p->fetch;
	struct decode_page page;
	int64_t number = p->number;
	struct error e, answer = p->answer;
	bool done;

	if (fetch_over(f))
		return true;
	if (decode_tokens_slice(p->tokens, &done, &e) != 0) {
		fetch_answer_wrong(f, &e, &answer);
		return true;
	}
	if (!done)
		return false;
	decode_tokens_take(p->tokens, &f->got.tokens, &page);
	asked_free(p);
	page_read(f, number, &page);
	return true;
}

/* Its tokens are decoded from the next turn on. */
static void decode_later(struct asked_page *p, const struct api_answer *a)
{
	struct fetch *f = p->fetch;
	struct error e;

	p->tokens = decode_tokens_open(a->body, a->len, f->got.tokens.n, &e);
	if (p->tokens == NULL) {
		fetch_answer_wrong(f, &e, &a->error);
		return;
	}
	p->answer = a->error;
	slices_add(&f->store->slices, &p->sliced);
}

static void fetch_answer(void *ctx, const struct api_answer *a)
{
	struct asked_page *p = ctx;
	struct fetch *f = p->fetch;
	struct decode_page page;
	int64_t number = p->number;
	struct error e;

	p->call = NULL;
	if (fetch_over(f))
		return;
	if (a->error.err != 0) {
		drop_asked(f);
		fetch_refused(f, &a->error);
		return;
	}
	f->bytes += a->len;
	if (f->source == &sources[SOURCE_TOKENS] && a->len > DECODE_AT_ONCE) {
		decode_later(p, a);
		return;
	}
	asked_free(p);
	if (f->source->decode(f, a, &page, &e) != 0)
		fetch_answer_wrong(f, &e, &a->error);
	else
		page_read(f, number, &page);
}

static void fetch_page(struct fetch *f)
{
	struct organization *o = fetch_organization(f);
	const struct resource *r = fetch_resource(f);
	struct asked_page *p = xcalloc(1, sizeof(*p));
	struct api_target t = {
		.organization = o != NULL ? o->r.name : NULL,
		.token_id = f->target.token_id,
		.cursor = f->cursor,
		.prefetch = r != NULL && list_empty(&r->waiters),
		.done = fetch_answer,
		.ctx = p,
	};

	p->fetch = f;
	p->number = f->page;
	sliced_init(&p->sliced, decode_slice);
	list_append(&f->asked, &p->link);
	p->call = f->source->ask(f->store->api, &t, f->page);
}

static void fetch_start(struct store *s, enum source_name name, struct resource *r,
			const struct organization *o, const struct token *t)
{
	struct fetch *f = xcalloc(1, sizeof(*f));

	waiter_init(&f->waiter, s->cache, fetch_run);
	f->store = s;
	f->source = &sources[name];
	f->target = target_copy(&(const struct target){
		.organization_id = o != NULL ? o->r.id : NULL,
		.token_id = t != NULL ? t->r.id : NULL,
	});
	f->started = r->started;
	sliced_init(&f->sliced, fetch_slice);
	list_init(&f->asked);
	f->page = name == SOURCE_TOKEN ? 0 : 1;
	list_append(&s->fetches, &f->link);
	fetch_page(f);
}

/* The requests under way go before prefetches now; those for later pages do so anyway. */
static void fetch_awaited(struct resource *r, void *ctx)
{
	struct store *s = ctx;

	list_for_each(pos, &s->fetches) {
		struct fetch *f = container_of(pos, struct fetch, link);
		if (fetch_resource(f) != r)
			continue;
		list_for_each(asked, &f->asked) {
			struct asked_page *p = container_of(asked, struct asked_page, link);
			if (p->call != NULL)
				api_promote(p->call);
		}
	}
}

static void start_organizations(struct resource *r, void *ctx)
{
	fetch_start(ctx, SOURCE_ORGANIZATIONS, r, NULL, NULL);
}

static void start_databases(struct resource *r, void *ctx)
{
	fetch_start(ctx, SOURCE_DATABASES, r, container_of(r, struct organization, databases),
		    NULL);
}

static void start_tokens(struct resource *r, void *ctx)
{
	fetch_start(ctx, SOURCE_TOKENS, r, container_of(r, struct organization, tokens), NULL);
}

static void start_audit_log(struct resource *r, void *ctx)
{
	fetch_start(ctx, SOURCE_AUDIT_LOG, r,
		    container_of(r, struct organization, audit_log.resource), NULL);
}

static void start_grants(struct resource *r, void *ctx)
{
	struct token *t = container_of(r, struct token, grants);
	struct store *s = ctx;

	fetch_start(s, s->no_accesses ? SOURCE_GRANTS : SOURCE_TOKEN, r, t->org, t);
}

/* --- needs ------------------------------------------------------------------------------------ */

void store_refresh(struct store *s)
{
	model_expire(&s->model);
	api_reconnect(s->api);
}

struct model *store_model(struct store *s)
{
	return &s->model;
}

/* --- the whole -------------------------------------------------------------------------------- */

struct store *store_new(struct api *api, struct cache *cache)
{
	struct store *s = xcalloc(1, sizeof(*s));
	struct model_sources starts = {
		.organizations = start_organizations,
		.databases = start_databases,
		.tokens = start_tokens,
		.grants = start_grants,
		.audit_log = start_audit_log,
		.ctx = s,
	};

	s->api = api;
	s->cache = cache;
	store_set_timeout(s, INT64_MAX);
	cache->awaited = fetch_awaited;
	cache->ctx = s;
	list_init(&s->fetches);
	slices_init(&s->slices, cache);
	list_init(&s->jobs);
	model_init(&s->model, cache, &starts);
	return s;
}

void store_free(struct store *s)
{
	if (s == NULL)
		return;
	list_for_each(pos, &s->jobs)
		store_job_free(container_of(pos, struct store_job, link));
	list_for_each(pos, &s->fetches)
		fetch_free(container_of(pos, struct fetch, link));
	slices_finish(&s->slices);
	model_finish(&s->model);
	free(s);
}

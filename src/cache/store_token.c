/* SPDX-License-Identifier: MIT */
/*
 * store_token: make and delete service tokens.
 *
 * A POST that makes a token is sent once: its answer has the only copy of the secret, and a second
 * POST would make a second token. If no answer came, the list is read again, so that the error can
 * name a token that may now exist and whose secret is lost.
 *
 * A deletion is confirmed by the documented answer, or by a list that lacks the token. Until then
 * its secret is kept. A list may lag: one that contradicts is read again for some seconds.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cache/store_internal.h"
#include "planetscale/decode.h"

struct token_job {
	struct store_job job; /* first */
	char *name;           /* owned; to be made */
	char *made_id;        /* owned; of the token that was made; NULL: not yet */
	int64_t ttl_s;
	int64_t known_since_ms; /* of the token to delete: see struct token */
	uint64_t since;         /* the list has to be read after this to know what happened */
	/* A refusal or an undocumented success, until the list shows what happened. */
	struct error refusal;
	bool perhaps; /* it may have been done in spite of `refusal` */
};

static struct token_job *token_job_of(struct store_job *job)
{
	return container_of(job, struct token_job, job);
}

static void token_finish(struct store_job *job)
{
	free(token_job_of(job)->name);
	free(token_job_of(job)->made_id);
}

/* Neither the POST's answer nor the list shows whether the token exists. */
static struct error unknown_creation(const struct token_job *t)
{
	struct error e = t->refusal;

	e.err = EIO;
	error_hint(&e, "look into service-tokens/: if a token %s is there, its secret is lost",
		   t->name);
	return e;
}

/* The organization with its list read after `since`; NULL: parked, or the job has ended. */
static struct organization *fresh_list(struct token_job *t)
{
	struct error e;
	struct organization *o = store_job_organization(&t->job, &e);

	if (o == NULL) {
		store_job_end(&t->job, &e, NULL);
		return NULL;
	}
	int r = resource_need_since(&o->tokens, &t->job.waiter, t->since);
	if (r == WAIT)
		return NULL;
	if (r < 0) {
		e = t->job.target.token_id != NULL ? t->job.waiter.error : unknown_creation(t);
		store_job_end(&t->job, &e, NULL);
		return NULL;
	}
	return o;
}

/* From now on `resolve` is the job's step; it needs a list read after this moment. */
static void list_afresh(struct token_job *t, void (*resolve)(struct store_job *job))
{
	t->since = clock_stamp(t->job.store->cache->clock);
	t->job.step = resolve;
	settling_begin(&t->job.settling, t->job.store);
	resolve(&t->job);
}

/* The list does not show the change yet: true if it is read again. */
static bool list_again(struct token_job *t)
{
	if (!store_job_settles(&t->job))
		return false;
	t->since = clock_stamp(t->job.store->cache->clock);
	return true;
}

/* --- making ----------------------------------------------------------------------------------- */

static void made(struct token_job *t)
{
	char *id = t->made_id;

	t->made_id = NULL;
	recent_token(&t->job.store->model.recent, id, true);
	log_notice("made service token %s", id);
	store_job_end(&t->job, NULL, id);
	free(id);
}

/* The POST's outcome is unknown; the list is fresh. Has a token of this name appeared? */
static void create_resolve(struct store_job *job)
{
	struct token_job *t = token_job_of(job);
	const struct organization *o = fresh_list(t);
	struct buf ids = BUF_INIT;
	struct error e;

	if (o == NULL)
		return;
	e = t->refusal;
	for (size_t i = 0; i < o->n_tokens; i++)
		if (str_eq(o->token[i]->r.name, t->name))
			buf_addf(&ids, "%s%s", ids.len > 0 ? " " : "", o->token[i]->r.id);
	if (ids.len == 0 && list_again(t))
		return;
	if (ids.len > 0) {
		error_set(&e, EIO,
			  "the token %s was made (id %s), but its secret was lost with the answer: "
			  "%s",
			  t->name, buf_str(&ids), t->refusal.text);
		error_hint(&e, "remove it with rmdir and make it again");
	} else {
		if (e.http_status < 300)
			e.err = EIO;
		error_wrap(&e, "no token %s appeared in the list", t->name);
	}
	e.http_status = t->refusal.http_status;
	memcpy(e.request_id, t->refusal.request_id, sizeof(e.request_id));
	buf_finish(&ids);
	store_job_end(&t->job, &e, NULL);
}

/* The answer is a success except for its status; the list is fresh. */
static void create_check(struct store_job *job)
{
	struct token_job *t = token_job_of(job);
	const struct organization *o = fresh_list(t);

	if (o == NULL)
		return;
	if (model_token(o, t->made_id) == NULL) {
		struct error e = t->refusal;
		if (list_again(t))
			return;
		e.err = EIO;
		error_wrap(&e, "no token %s (id %s) appeared in the list", t->name, t->made_id);
		store_job_end(job, &e, NULL);
		return;
	}
	made(t);
}

static void created(void *ctx, const struct api_answer *a)
{
	struct token_job *t = ctx;
	struct store *s = t->job.store;
	struct organization *o = model_organization(&s->model, t->job.target.organization_id);
	struct token_record record = {0};
	struct secret *secret = NULL;
	struct error e = a->error;

	t->job.call = NULL;
	t->job.changing = false;
	t->job.changed = a->fate != HTTP_NOT_SENT;
	if (o != NULL)
		resource_invalidate_fetches(&o->tokens);
	bool unknown = a->fate == HTTP_UNKNOWN || e.http_status >= 500;
	if (e.err == 0 && decode_created_token(a->body, a->len, &record, &secret, &e) != 0) {
		error_wrap(&e, "PlanetScale's answer makes no sense");
		e.http_status = a->error.http_status;
		unknown = true;
	}
	if (e.err != 0) {
		t->refusal = e;
		if (unknown)
			list_afresh(t, create_resolve);
		else
			store_job_end(&t->job, &e, NULL);
		return;
	}
	t->made_id = xstrdup(record.id);
	model_keep_secret(&s->model, t->made_id, secret);
	if (o != NULL && a->done)
		model_add_token(o, &record);
	token_record_finish(&record);
	if (a->done) {
		made(t);
		return;
	}
	store_job_doubt(a, &t->refusal);
	list_afresh(t, create_check);
}

static void create_step(struct store_job *job)
{
	struct token_job *t = token_job_of(job);
	struct error e;

	struct organization *o = store_job_organization(job, &e);
	if (o == NULL) {
		store_job_end(job, &e, NULL);
		return;
	}
	struct api_target target = {.organization = o->r.name, .done = created, .ctx = t};
	resource_invalidate_fetches(&o->tokens);
	job->changing = true;
	job->call = api_create_token(job->store->api, &target, t->name, t->ttl_s);
}

struct store_job *store_create_token(struct store *s, const char *organization_id, const char *name,
				     int64_t ttl_s, store_done *done, void *ctx)
{
	const struct target target = {.organization_id = organization_id};
	struct token_job *t = store_job_new(s, sizeof(*t), &target, done, ctx);

	t->job.step = create_step;
	t->job.finish = token_finish;
	t->name = xstrdup(name);
	t->ttl_s = ttl_s;
	return &t->job;
}

/* --- deleting --------------------------------------------------------------------------------- */

static void gone(struct token_job *t)
{
	struct store *s = t->job.store;
	struct organization *o = model_organization(&s->model, t->job.target.organization_id);
	struct token *token = o != NULL ? model_token(o, t->job.target.token_id) : NULL;

	model_drop_secret(&s->model, t->job.target.token_id);
	if (token != NULL)
		model_remove_token(token);
	else
		recent_token(&s->model.recent, t->job.target.token_id, false);
}

/* The token is still there: `refusal` was a real one, or nothing was done. */
static void not_deleted(struct token_job *t)
{
	struct error e = t->refusal;

	if (e.http_status == 404) {
		e.err = EACCES;
		error_hint(&e,
			   "PlanetScale also answers 404 where a right is missing: a service token "
			   "needs delete_service_tokens");
	} else {
		error_wrap(&e, "the service token %s is still there", t->job.target.token_id);
	}
	store_job_end(&t->job, &e, NULL);
}

/* Neither the DELETE's answer nor the list shows whether the token exists. */
static void unknown_deletion(struct token_job *t)
{
	struct error e = t->refusal;

	e.err = EIO;
	error_wrap(&e, "it is not known whether the service token %s was deleted",
		   t->job.target.token_id);
	error_hint(&e, "the list lacks it, but may lag: look into service-tokens/ again");
	store_job_end(&t->job, &e, NULL);
}

/*
 * The DELETE was answered with 404, or in a way that does not confirm it; the list is fresh. It
 * may lag, and then shows what was true before the deletion, or before the token was made.
 */
static void delete_resolve(struct store_job *job)
{
	struct token_job *t = token_job_of(job);
	const struct organization *o = fresh_list(t);

	if (o == NULL)
		return;
	bool listed = model_token(o, t->job.target.token_id) != NULL &&
		      !recent_made_unlisted(&job->store->model.recent, t->job.target.token_id);
	int64_t known_ms = clock_real_ms(job->store->cache->clock) - t->known_since_ms;
	bool proven = listed ? !t->perhaps : known_ms > LAG_MS;

	if (!proven && list_again(t))
		return;
	if (listed) {
		not_deleted(t);
		return;
	}
	if (!proven) {
		unknown_deletion(t);
		return;
	}
	gone(t);
	log_notice("deleted service token %s", t->job.target.token_id);
	/* The DELETE was sent twice, as the first answer was lost: the first one deleted it. */
	store_job_end(&t->job, t->perhaps ? NULL : &t->refusal, NULL);
}

static void deleted(void *ctx, const struct api_answer *a)
{
	struct token_job *t = ctx;
	struct organization *o =
		model_organization(&t->job.store->model, t->job.target.organization_id);
	struct error e = a->error;

	t->job.call = NULL;
	t->job.changing = false;
	t->job.changed = a->fate != HTTP_NOT_SENT;
	if (o != NULL)
		resource_invalidate_fetches(&o->tokens);
	if (a->done) {
		gone(t);
		log_notice("deleted service token %s", t->job.target.token_id);
		store_job_end(&t->job, NULL, NULL);
	} else if (e.err == 0 || e.http_status == 404) {
		t->refusal = e;
		if (e.err == 0)
			store_job_doubt(a, &t->refusal);
		t->perhaps = e.err == 0 || a->attempts > 1;
		list_afresh(t, delete_resolve);
	} else {
		if (o != NULL && a->fate != HTTP_NOT_SENT)
			resource_expire(&o->tokens);
		store_job_end(&t->job, &e, NULL);
	}
}

static void delete_step(struct store_job *job)
{
	struct token_job *t = token_job_of(job);
	struct error e;

	struct token *token = store_job_token(job, &e);
	if (token == NULL) {
		store_job_end(job, &e, NULL);
		return;
	}
	struct api_target target = {
		.organization = token->org->r.name,
		.token_id = token->r.id,
		.done = deleted,
		.ctx = t,
	};
	t->known_since_ms = token->known_since_ms;
	resource_invalidate_fetches(&token->org->tokens);
	job->changing = true;
	job->call = api_delete_token(job->store->api, &target);
}

struct store_job *store_delete_token(struct store *s, const char *organization_id,
				     const char *token_id, store_done *done, void *ctx)
{
	const struct target target = {.organization_id = organization_id, .token_id = token_id};
	struct token_job *t = store_job_new(s, sizeof(*t), &target, done, ctx);

	t->job.step = delete_step;
	t->job.finish = token_finish;
	return &t->job;
}

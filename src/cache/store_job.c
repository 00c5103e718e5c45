/* SPDX-License-Identifier: MIT */
/*
 * store_job: changes in flight. Those of one token run in order, those of different tokens in
 * parallel; each calls back once, when it ends.
 */
#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cache/store_internal.h"

/* A little more than LAG_MS; and the most repeats in that time. */
#define SETTLE_MS    3500
#define SETTLE_TIMES 4

/* Each wait is twice as long as the one before; together they take SETTLE_MS. */
#define SETTLE_PARTS ((1 << SETTLE_TIMES) - 1)

void store_set_timeout(struct store *s, int64_t timeout_ms)
{
	s->settle_ms = timeout_ms < SETTLE_MS ? timeout_ms : SETTLE_MS;
}

void settling_begin(struct settling *x, const struct store *s)
{
	int64_t now_ms = s->cache->clock->mono_ms;

	*x = (struct settling){.on = true, .since_ms = now_ms, .asked_ms = now_ms};
}

int64_t settling_next_ms(struct settling *x, const struct store *s)
{
	if (!x->on || x->asked == SETTLE_TIMES || x->asked_ms - x->since_ms >= s->settle_ms)
		return -1;
	int64_t wait_ms = s->settle_ms * (1 << x->asked++) / SETTLE_PARTS;
	x->asked_ms = s->cache->clock->mono_ms + wait_ms;
	return wait_ms;
}

bool store_job_settles(struct store_job *job)
{
	int64_t wait_ms = settling_next_ms(&job->settling, job->store);

	if (wait_ms >= 0)
		waiter_sleep(&job->waiter, wait_ms);
	return wait_ms >= 0;
}

void store_job_doubt(const struct api_answer *a, struct error *e)
{
	error_set(e, EREMOTEIO, "PlanetScale's answer (%d) does not say that it was done",
		  a->error.http_status);
	error_hint(e, "did PlanetScale answer, or a proxy in between?");
	e->http_status = a->error.http_status;
	memcpy(e->request_id, a->error.request_id, sizeof(e->request_id));
}

/* The oldest job of a token; NULL: there is none. */
static struct store_job *oldest_of(const struct store *s, const char *token_id)
{
	list_for_each(pos, &s->jobs) {
		struct store_job *job = container_of(pos, struct store_job, link);
		if (token_id != NULL && str_eq(job->target.token_id, token_id))
			return job;
	}
	return NULL;
}

bool store_changes_token(const struct store *s, const char *token_id)
{
	return oldest_of(s, token_id) != NULL;
}

static bool its_turn(const struct store_job *job)
{
	return job->target.token_id == NULL || oldest_of(job->store, job->target.token_id) == job;
}

static void job_run(struct waiter *w)
{
	struct store_job *job = container_of(w, struct store_job, waiter);

	if (job->call == NULL && its_turn(job))
		job->step(job);
}

void *store_job_new(struct store *s, size_t size, const struct target *target, store_done *done,
		    void *ctx)
{
	struct store_job *job = xcalloc(1, size);

	waiter_init(&job->waiter, s->cache, job_run);
	job->store = s;
	job->target = target_copy(target);
	job->done = done;
	job->ctx = ctx;
	list_append(&s->jobs, &job->link);
	waiter_wake(&job->waiter);
	return job;
}

void store_job_free(struct store_job *job)
{
	if (job->call != NULL)
		api_cancel(job->call);
	waiter_leave(&job->waiter);
	list_remove(&job->link);
	if (job->finish != NULL)
		job->finish(job);
	target_finish(&job->target);
	free(job);
}

static void wake_next(struct store *s, const char *token_id)
{
	struct store_job *next = oldest_of(s, token_id);

	if (next != NULL)
		waiter_wake(&next->waiter);
}

static void job_leave(struct store_job *job)
{
	struct store *s = job->store;
	struct target target = job->target;

	job->target = (struct target){0};
	store_job_free(job);
	wake_next(s, target.token_id);
	target_finish(&target);
}

void store_job_end(struct store_job *job, const struct error *e, const char *made_id)
{
	store_done *done = job->done;
	void *ctx = job->ctx;
	struct error copy = e != NULL ? *e : (struct error){0};
	struct organization *o =
		model_organization(&job->store->model, job->target.organization_id);

	if (o != NULL)
		audit_log_outdate(&o->audit_log);
	job_leave(job);
	done(ctx, &(const struct store_outcome){e != NULL ? &copy : NULL, made_id});
}

struct organization *store_job_organization(struct store_job *job, struct error *e)
{
	struct organization *o =
		model_organization(&job->store->model, job->target.organization_id);

	if (o == NULL)
		error_set(e, ENOENT, "the organization is gone");
	return o;
}

struct token *store_job_token(struct store_job *job, struct error *e)
{
	struct organization *o = store_job_organization(job, e);
	struct token *t = o != NULL ? model_token(o, job->target.token_id) : NULL;

	if (o != NULL && t == NULL) {
		error_set(e, EIDRM, "the service token %s is gone", job->target.token_id);
		error_hint(e, "it was deleted elsewhere");
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

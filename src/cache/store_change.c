/* SPDX-License-Identifier: MIT */
/*
 * store_change: make one `permissions` file of a token say what a command asked for.
 *
 * A step compares the wish with what is known and does the next thing that is missing; after each
 * answer it compares again. So every order of answers, refusals and changes by others ends in one
 * of three results: confirmed, refused, or "PlanetScale reported success but it is not so".
 *
 * Answers may lag, so a step does more rather than less: it grants what a fresh answer lacks
 * although it was just confirmed, it revokes what was just confirmed although a fresh answer lacks
 * it, it grants or revokes that about which the last answers differ, and it revokes what is named
 * for revocation whatever is known. A needless request does no harm.
 *
 * A request says a database's name, an answer its id. If the name has passed to another database
 * meanwhile, the change is about that one, because it is the one that the requests are about.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "cache/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cache/store_internal.h"
#include "planetscale/decode.h"

/* What was sent, to grant or to revoke. */
struct asked {
	struct scopes scopes;
	struct scopes refused; /* of it, what was not so when it was refused */
	struct scopes again;   /* of it, what was sent again because of that: only once */
};

struct change_job {
	struct store_job job; /* first */
	struct scopes grant;
	struct scopes revoke;
	struct scopes keep; /* when exact: neither granted nor revoked */
	bool exact;
	uint64_t since;          /* known data is fresh if its request was sent after this */
	bool must_read;          /* from now on only a fresh answer decides */
	struct scopes confirmed; /* granted, according to an answer after the command */
	unsigned revocations;    /* the file's number when `confirmed` was set */
	bool begun;
	char *name; /* owned; how the database was called then; NULL: the organization, or not known */
	struct asked posted;
	struct asked deleted;
	struct scopes sending; /* what the call in flight asks for */
	struct scopes turning; /* of it, what is not so yet, as far as known */
	/* The error of a POST or DELETE, also an undocumented success; a fresh answer decides
	 * whether it matters. */
	struct error refusal;
};

static struct change_job *change_of(struct store_job *job)
{
	return container_of(job, struct change_job, job);
}

/* NULL: the organization. */
static const char *database_of(const struct change_job *c)
{
	return c->job.target.database_id;
}

static void asked_finish(struct asked *a)
{
	scopes_finish(&a->scopes);
	scopes_finish(&a->refused);
	scopes_finish(&a->again);
}

static void change_finish(struct store_job *job)
{
	struct change_job *c = change_of(job);

	free(c->name);
	scopes_finish(&c->grant);
	scopes_finish(&c->revoke);
	scopes_finish(&c->keep);
	scopes_finish(&c->confirmed);
	asked_finish(&c->posted);
	asked_finish(&c->deleted);
	scopes_finish(&c->sending);
	scopes_finish(&c->turning);
}

static void change_fail(struct change_job *c, struct token *t, const struct error *e)
{
	if (t != NULL && c->job.changed)
		resource_expire(&t->grants);
	store_job_end(&c->job, e, NULL);
}

/* a ∩ b; the caller finishes it. */
static struct scopes both(const struct scopes *a, const struct scopes *b)
{
	struct scopes s = SCOPES_INIT;

	scopes_copy(&s, a);
	scopes_intersect(&s, b);
	return s;
}

/* A fresh answer shows that the change was not made: report the refusal, or, if there was none,
 * that PlanetScale accepted the change but did not make it. */
static void not_kept(struct change_job *c, struct token *t, const struct scopes *which,
		     bool granted)
{
	struct buf names = BUF_INIT;
	struct error e = c->refusal;

	scopes_list(which, &names);
	if (e.err == ENOENT) {
		e.err = EACCES;
		error_hint(&e, "PlanetScale knows no such database, or your credential has no "
			       "right on it");
		if (database_of(c) != NULL && t != NULL)
			resource_expire(&t->org->databases);
	} else if (e.err != 0 && e.http_status < 300) {
		error_wrap(&e, "%s is %s granted", buf_str(&names), granted ? "not" : "still");
	} else if (e.err == 0 && granted) {
		error_set(&e, EREMOTEIO, "PlanetScale accepted the grant, but %s is not granted",
			  buf_str(&names));
	} else if (e.err == 0) {
		error_set(&e, EREMOTEIO,
			  "PlanetScale accepted the revocation, but %s is still granted",
			  buf_str(&names));
		error_hint(&e,
			   "a permission granted for all databases cannot be taken away for one: "
			   "change it in PlanetScale's dashboard");
	}
	buf_finish(&names);
	if (c->job.settling.on) /* enough answers contradict it: what was known before is wrong */
		recent_scopes_unknown(&c->job.store->model.recent, t->r.id, database_of(c), which,
				      !granted);
	if (c->job.changed)
		resource_doubt(&t->grants);
	store_job_end(&c->job, &e, NULL);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Refusals that may only mean "it is so already" (or "never was"): a fresh answer decides. */
static bool ambiguous(const struct error *e)
{
	return e->http_status == 404 || e->http_status == 409 || e->http_status == 422;
}

/* Name the scopes in the sentence of a refusal. */
static void name_scopes(struct change_job *c)
{
	struct buf names = BUF_INIT;

	scopes_list(&c->sending, &names);
	error_wrap(&c->refusal, "%s", buf_str(&names));
	buf_finish(&names);
}

/* May the request have had an effect? */
static bool may_have_changed(const struct api_answer *a)
{
	if (a->fate != HTTP_ANSWERED)
		return a->fate == HTTP_UNKNOWN;
	return a->attempts > 1 || a->error.http_status < 300 || a->error.http_status >= 500;
}

/* Was it accepted, now or in an earlier attempt? Then an answer that contradicts it may lag. */
static bool accepted(const struct api_answer *a)
{
	return a->error.err == 0 || a->attempts > 1 || a->error.http_status == 409;
}

/* The common part of both answers: the token, or NULL if the job has ended. */
static struct token *change_answered(struct change_job *c, const struct api_answer *a,
				     bool granting)
{
	struct error gone;
	struct token *t = store_job_token(&c->job, &gone);

	c->job.call = NULL;
	c->job.changing = false;
	if (a->fate != HTTP_NOT_SENT)
		c->job.changed = true;
	if (t == NULL) {
		change_fail(c, NULL, &gone);
		return NULL;
	}
	resource_invalidate_fetches(&t->grants);
	if (may_have_changed(a))
		recent_scopes_unknown(&c->job.store->model.recent, t->r.id, database_of(c),
				      &c->sending, granting);
	c->job.settling.on = false;
	if (accepted(a))
		settling_begin(&c->job.settling, c->job.store);
	c->refusal = a->error;
	if (a->error.err == 0) {
		if (!a->done)
			store_job_doubt(a, &c->refusal);
		return t;
	}
	name_scopes(c);
	if (ambiguous(&a->error))
		return t;
	change_fail(c, t, &c->refusal);
	return NULL;
}

static void read_again(struct change_job *c)
{
	c->since = clock_stamp(c->job.store->cache->clock);
	c->must_read = true;
}

/* PlanetScale has confirmed that `which` are granted, or revoked. */
static void confirm(struct change_job *c, struct token *t, const struct scopes *which, bool granted)
{
	const struct database *d =
		database_of(c) != NULL ? model_database(t->org, database_of(c)) : NULL;
	const struct grant *known = model_grant(t, database_of(c));
	char organization[] = "Organization", database[] = "Database";
	const struct granted_on on = {
		.type = database_of(c) == NULL ? organization : database,
		.id = d != NULL                ? d->r.id
		      : database_of(c) == NULL ? t->org->r.id
					       : NULL,
		.name = d != NULL                ? d->r.name
			: database_of(c) == NULL ? t->org->r.name
						 : NULL,
	};

	if (known == NULL && d == NULL && database_of(c) != NULL)
		return; /* the database was deleted meanwhile */
	recent_scopes(&c->job.store->model.recent, t->r.id, known != NULL ? known->on : &on, which,
		      granted);
	model_turned_settled(t, database_of(c), which);
}

static const struct grant *grant_in(const struct grants *g, const struct change_job *c,
				    const struct token *t)
{
	const struct grant *known = model_grant(t, database_of(c));

	for (size_t i = 0; i < g->n; i++) {
		const struct grant *x = &g->v[i];
		if (database_of(c) == NULL
			    ? x->on->level == GRANT_ORGANIZATION
			    : x->on->level == GRANT_DATABASE &&
				      (str_eq(grant_database_id(x), database_of(c)) ||
				       (known != NULL &&
					(x->on->id == NULL || known->on->id == NULL) &&
					str_eq(x->on->name, known->on->name))))
			return x;
	}
	return NULL;
}

/*
 * Does the answer lack a scope that was known on a resource in the answer? Then either the answer
 * is incomplete, or it was revoked elsewhere; merging both may give data that was never true.
 */
static bool lacks_known(const struct grants *answer, const struct token *t)
{
	for (size_t i = 0; i < answer->n; i++) {
		const struct grant *g = &answer->v[i];
		const char *id = g->on->level == GRANT_ORGANIZATION ? NULL : grant_database_id(g);
		const struct grant *known = g->on->level == GRANT_OTHER ? NULL : model_grant(t, id);
		if (known != NULL && !scopes_subset(&known->scopes, &g->scopes))
			return true;
	}
	return false;
}

/* Was it refused? That may mean that it is so already, but what was known says otherwise. */
static void note_answer(const struct change_job *c, const struct api_answer *a, struct asked *asked)
{
	scopes_merge(&asked->scopes, &c->sending);
	scopes_subtract(&asked->refused, &c->sending);
	if (a->error.err != 0 && a->error.http_status != 409)
		scopes_merge(&asked->refused, &c->turning);
}

static void granted(void *ctx, const struct api_answer *a)
{
	struct change_job *c = ctx;
	struct token *t = change_answered(c, a, true);
	struct grants answer = GRANTS_INIT;
	struct error ignored;
	struct decode_page page;

	if (t == NULL)
		return;
	note_answer(c, a, &c->posted);
	if (a->done && decode_accesses(a->body, a->len, &answer, &page, &ignored) == 0) {
		bool mixed = lacks_known(&answer, t);
		const struct grant *g = grant_in(&answer, c, t);
		if (g != NULL) {
			struct scopes now = both(&c->grant, &g->scopes);
			scopes_merge(&c->confirmed, &now);
			confirm(c, t, &now, true);
			scopes_finish(&now);
		}
		model_merge_grants(t, &answer);
		if (mixed)
			resource_expire(&t->grants);
	}
	grants_finish(&answer);
	if (!scopes_subset(&c->posted.scopes, &c->confirmed)) {
		resource_expire(&t->grants); /* incomplete data must not be shown */
		read_again(c);
	}
	c->job.step(&c->job);
}

static void revoked(void *ctx, const struct api_answer *a)
{
	struct change_job *c = ctx;

	if (change_answered(c, a, false) == NULL)
		return;
	note_answer(c, a, &c->deleted);
	read_again(c);
	c->job.step(&c->job);
}

/* --- the next thing --------------------------------------------------------------------------- */

/* If the database's name has passed to another one, go on with that. False: the job waits, or has
 * ended. */
static bool follow_name(struct change_job *c, struct token *t)
{
	struct error e = {0};
	bool passed = false;
	int r = c->name == NULL ? 0
				: store_job_follow_name(&c->job, t, c->name, c->since, &passed, &e);

	if (r < 0)
		change_fail(c, t, &e);
	if (passed)
		scopes_finish(&c->confirmed); /* on the other one */
	return r == 0;
}

/* Send `which` (moved in); ends the job if the request cannot be made. */
static void send_change(struct change_job *c, struct token *t, struct scopes which, bool grant)
{
	const char *database = database_of(c) != NULL ? store_job_database_name(&c->job, t) : NULL;
	const struct grant *known = model_grant(t, database_of(c));
	const struct scopes none = SCOPES_INIT, *have = known != NULL ? &known->scopes : &none;
	struct error e;

	scopes_finish(&c->sending);
	c->sending = which;
	scopes_copy(&c->turning, &which);
	if (grant)
		scopes_subtract(&c->turning, have);
	else
		scopes_intersect(&c->turning, have);
	if (database_of(c) != NULL && database == NULL) {
		error_set(&e, ENOENT, "the database %s is gone", database_of(c));
		change_fail(c, t, &e);
		return;
	}
	struct api_target target = {
		.organization = t->org->r.name,
		.token_id = t->r.id,
		.done = grant ? granted : revoked,
		.ctx = c,
	};
	resource_invalidate_fetches(&t->grants);
	if (!grant)
		model_permissions(t, database_of(c))->revocations++;
	c->job.changing = true;
	c->job.call = grant ? api_grant(c->job.store->api, &target, database, &c->sending)
			    : api_revoke(c->job.store->api, &target, database, &c->sending);
}

/*
 * Do the next thing for `wanted`: send what was not sent yet; if all was sent, ask again; in the
 * end fail, because PlanetScale has not done it. False: there is nothing to do.
 */
static bool pursue(struct change_job *c, struct token *t, const struct scopes *wanted, bool grant)
{
	struct scopes rest = SCOPES_INIT;

	if (wanted->n == 0)
		return false;
	scopes_copy(&rest, wanted);
	scopes_subtract(&rest, grant ? &c->posted.scopes : &c->deleted.scopes);
	if (rest.n == wanted->n) {
		send_change(c, t, rest, grant);
		return true;
	}
	scopes_finish(&rest);
	if (store_job_settles(&c->job))
		read_again(c);
	else
		not_kept(c, t, wanted, grant);
	return true;
}

/* What is missing, according to the fresh answer: what it contradicts must be granted again, and
 * what an answer before it lacked, unless this command, or its open file, has had it confirmed. */
static void find_missing(const struct change_job *c, const struct token *t,
			 const struct scopes *have, struct scopes *missing)
{
	struct scopes doubtful = SCOPES_INIT, held = SCOPES_INIT;
	const struct turned *turned = model_turned(t, database_of(c));

	if (turned != NULL) {
		scopes_copy(&doubtful, &turned->appeared);
		scopes_subtract(&doubtful, &c->posted.scopes);
	}
	recent_contradicted(&c->job.store->model.recent, t->r.id, database_of(c), true, &doubtful);
	scopes_subtract(&doubtful, &c->confirmed);
	scopes_copy(&held, have);
	scopes_subtract(&held, &doubtful);
	scopes_copy(missing, &c->grant);
	scopes_subtract(missing, &held);
	scopes_finish(&held);
	scopes_finish(&doubtful);
}

/* What is to be revoked: by name, or because it may be granted and must not remain. */
static void find_extra(const struct change_job *c, const struct token *t, const struct scopes *have,
		       struct scopes *extra)
{
	struct scopes perhaps = SCOPES_INIT, named = SCOPES_INIT;
	const struct turned *turned = model_turned(t, database_of(c));

	if (turned != NULL) {
		scopes_copy(&perhaps, &turned->vanished);
		scopes_subtract(&perhaps, &c->deleted.scopes);
	}
	scopes_merge(&perhaps, have);
	recent_contradicted(&c->job.store->model.recent, t->r.id, database_of(c), false, &perhaps);
	*extra = both(&c->revoke, &perhaps);
	scopes_copy(&named, &c->revoke);
	scopes_subtract(&named, &c->deleted.scopes);
	scopes_merge(extra, &named);
	if (c->exact) {
		scopes_subtract(&perhaps, &c->grant);
		scopes_subtract(&perhaps, &c->keep);
		scopes_merge(extra, &perhaps);
	}
	scopes_finish(&named);
	scopes_finish(&perhaps);
}

/* Confirm what was wanted, sent or not, and is in the fresh answer; a correction is no proof. */
static void confirm_grants(struct change_job *c, struct token *t)
{
	struct scopes seen = SCOPES_INIT, doubtful = SCOPES_INIT;

	recent_contradicted(&c->job.store->model.recent, t->r.id, database_of(c), true, &doubtful);
	scopes_copy(&seen, &c->grant);
	scopes_subtract(&seen, &doubtful);
	scopes_merge(&seen, &c->posted.scopes);
	confirm(c, t, &seen, true);
	scopes_finish(&seen);
	scopes_finish(&doubtful);
}

/* It was refused, as if it were so already, and now an answer says that it is, unlike the one before:
 * that may lag. So send it once more. */
static void doubt_refusal(struct asked *asked, const struct scopes *turned)
{
	struct scopes again = both(&asked->refused, turned);

	scopes_subtract(&again, &asked->again);
	scopes_merge(&asked->again, &again);
	scopes_subtract(&asked->scopes, &again);
	scopes_finish(&again);
}

/* With a fresh answer: make the difference, then the job is done. */
static void step_fresh(struct change_job *c, struct token *t, const struct scopes *have)
{
	struct scopes missing = SCOPES_INIT, extra = SCOPES_INIT;
	const struct turned *turned = model_turned(t, database_of(c));

	if (turned != NULL) {
		doubt_refusal(&c->posted, &turned->appeared);
		doubt_refusal(&c->deleted, &turned->vanished);
	}
	find_missing(c, t, have, &missing);
	find_extra(c, t, have, &extra);
	if (!pursue(c, t, &missing, true) && !pursue(c, t, &extra, false)) {
		confirm_grants(c, t);
		confirm(c, t, &c->deleted.scopes, false);
		store_job_end(&c->job, NULL, NULL);
	}
	scopes_finish(&missing);
	scopes_finish(&extra);
}

/* With cached data: send what certainly must be sent. False: only a fresh answer can decide. */
static bool step_cached(struct change_job *c, struct token *t, const struct scopes *have)
{
	struct scopes open = SCOPES_INIT, named = SCOPES_INIT;
	bool sent = true;

	scopes_copy(&named, &c->revoke);
	scopes_copy(&open, &c->grant);
	scopes_subtract(&open, &c->confirmed);
	bool unconfirmed = open.n > 0;
	scopes_subtract(&open, have);
	if (open.n > 0) {
		send_change(c, t, open, true);
		open = (struct scopes)SCOPES_INIT;
	} else if (!unconfirmed && named.n > 0) {
		send_change(c, t, named, false);
		named = (struct scopes)SCOPES_INIT;
	} else if (!unconfirmed) {
		store_job_end(&c->job, NULL, NULL);
	} else {
		sent = false;
	}
	scopes_finish(&open);
	scopes_finish(&named);
	return sent;
}

static void change_step(struct store_job *job)
{
	static const struct scopes none = SCOPES_INIT;
	struct change_job *c = change_of(job);
	struct error e;
	struct token *t = store_job_token(job, &e);

	if (t == NULL) {
		change_fail(c, NULL, &e);
		return;
	}
	/* The job starts now: jobs before it may have revoked what was confirmed. */
	if (!c->begun && model_permissions(t, database_of(c))->revocations != c->revocations)
		scopes_finish(&c->confirmed);
	if (!c->begun && database_of(c) != NULL)
		c->name = store_job_name_at_start(&c->job, t);
	c->begun = true;
	const struct grant *g = model_grant(t, database_of(c));
	const struct scopes *have = g != NULL ? &g->scopes : &none;
	if (!resource_sent_since(&t->grants, c->since)) {
		if (!c->exact && !c->must_read && step_cached(c, t, have))
			return;
		c->must_read = true;
		int r = resource_need_since(&t->grants, &job->waiter, c->since);
		if (r < 0)
			change_fail(c, t, &job->waiter.error);
		if (r != 0)
			return;
	}
	if (!follow_name(c, t))
		return;
	g = model_grant(t, database_of(c));
	step_fresh(c, t, g != NULL ? &g->scopes : &none);
}

struct store_job *store_change(struct store *s, const struct store_change *change, store_done *done,
			       void *ctx)
{
	struct change_job *c = store_job_new(s, sizeof(*c), &change->target, done, ctx);

	c->job.step = change_step;
	c->job.finish = change_finish;
	scopes_copy(&c->grant, change->grant);
	scopes_copy(&c->revoke, change->revoke);
	if (change->keep != NULL)
		scopes_copy(&c->keep, change->keep);
	if (change->confirmed != NULL)
		c->confirmed = both(&c->grant, change->confirmed);
	c->revocations = change->revocations;
	c->exact = change->exact;
	c->since = change->since;
	return &c->job;
}

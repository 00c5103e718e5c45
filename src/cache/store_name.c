/* SPDX-License-Identifier: MIT */
/* store_name: which database the name in a request means, part of store. */
#include "cache/store_internal.h"

#include <errno.h>

#include "base/text.h"
#include "base/xmalloc.h"

const char *store_job_database_name(const struct store_job *job, const struct token *t)
{
	const struct database *d = model_database(t->org, job->target.database_id);
	const struct grant *g = model_grant(t, job->target.database_id);

	return d != NULL ? d->r.name : g != NULL ? g->on->name : NULL;
}

char *store_job_name_at_start(const struct store_job *job, const struct token *t)
{
	const char *name = store_job_database_name(job, t);

	return xstrdup(name != NULL ? name : model_gone_database(t->org, job->target.database_id));
}

/* May the token do something on another database of this name? */
static bool held_by_another(const struct store_job *job, const struct token *t, const char *name)
{
	for (size_t i = 0; i < t->r.grants.n; i++) {
		const struct grant *g = &t->r.grants.v[i];
		if (g->on->level == GRANT_DATABASE && !g->on->deleted && g->on->id != NULL &&
		    str_eq(g->on->name, name) && !str_eq(g->on->id, job->target.database_id))
			return true;
	}
	return false;
}

/* The database that has the name now; NULL: this one, or none. */
static const struct database *successor(const struct store_job *job, const struct organization *o,
					const char *name)
{
	for (size_t i = 0; i < o->n_databases; i++) {
		const struct database *d = o->database[i];
		if (str_eq(d->r.name, name) && !str_eq(d->r.id, job->target.database_id))
			return d;
	}
	return NULL;
}

int store_job_follow_name(struct store_job *job, struct token *t, const char *name, uint64_t since,
			  bool *passed, struct error *e)
{
	struct organization *o = t->org;
	const char *id = job->target.database_id;
	bool gone = model_database(o, id) == NULL && model_gone_database(o, id) != NULL;

	*passed = false;
	if (!gone && !held_by_another(job, t, name))
		return 0;
	int r = resource_need_since(&o->databases, &job->waiter, since);
	if (r < 0)
		*e = job->waiter.error;
	if (r != 0)
		return r;
	const struct database *d = successor(job, o, name);
	if (d == NULL)
		return 0;
	if (model_database(o, id) != NULL) {
		/* What the text leaves out would be revoked on the wrong one of two. */
		r = error_set(e, ESTALE, "%s is another database now", name);
		error_hint(e, "the database that had this name has another one; look again");
		return r;
	}
	struct target other = job->target;
	other.database_id = d->r.id;
	other = target_copy(&other);
	target_finish(&job->target);
	job->target = other;
	*passed = true;
	return 0;
}

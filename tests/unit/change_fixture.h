/* SPDX-License-Identifier: MIT */
/*
 * change_fixture: changes of permissions in a world, and how they ended.
 */
#ifndef PSCALEFS_TEST_CHANGE_FIXTURE_H
#define PSCALEFS_TEST_CHANGE_FIXTURE_H

#include <stdbool.h>

#include "world.h"

#include "base/clock.h"
#include "base/xmalloc.h"

static struct world w;

struct outcome {
	int done;
	struct error error;
	int order;
	char made[16];
};
static int ended;

static inline void on_done(void *ctx, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	const char *made_id = outcome->made_id;
	struct outcome *o = ctx;

	o->done++;
	o->order = ++ended;
	o->error = e != NULL ? *e : (struct error){0};
	snprintf(o->made, sizeof(o->made), "%s", made_id != NULL ? made_id : "");
}

static inline struct scopes set(const char *words)
{
	struct scopes s = SCOPES_INIT;
	char *copy = xstrdup(words), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			scopes_add(&s, word);
	free(copy);
	return s;
}

static inline struct store_job *change(struct outcome *o, const char *token, const char *database,
				       const char *grant, const char *revoke, bool exact,
				       const char *confirmed)
{
	struct scopes g = set(grant), r = set(revoke), c = set(confirmed);
	const struct store_change what = {
		.target.organization_id = "o1",
		.target.token_id = token,
		.target.database_id = database,
		.grant = &g,
		.revoke = &r,
		.exact = exact,
		.confirmed = &c,
		.since = clock_stamp(&w.clock),
	};

	*o = (struct outcome){0};
	struct store_job *job = store_change(w.store, &what, on_done, o);
	scopes_finish(&g);
	scopes_finish(&r);
	scopes_finish(&c);
	return job;
}

/* A world in which the tokens ci and web have read_branch on shop. */
/* What is known is so old that an answer which differs does not lag. */
static inline void setup(void)
{
	world_start(&w);
	world_acme(&w, LIST(TOKEN("t1", "ci", ON_SHOP("read_branch")) "," TOKEN(
			       "t2", "web", ON_SHOP("read_branch"))));
	w.clock.mono_ms += RECENT_MS;
}

static inline void assert_held(const char *scopes)
{
	struct scopes expected = set(scopes);
	static const struct scopes none = SCOPES_INIT;
	const struct grant *g = model_grant(world_token(&w, "t1"), "d1");

	assert_true(scopes_equal(g != NULL ? &g->scopes : &none, &expected));
	scopes_finish(&expected);
}

#define BODY(scopes) GRANT("t1") " {\"database\":\"shop\",\"access\":[" scopes "]}"
#define GONE(scopes) REVOKE("t1") " {\"database\":\"shop\",\"access\":[" scopes "]}"

#endif

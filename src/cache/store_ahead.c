/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <sys/param.h>

#include "base/clock.h"
#include "base/macros.h"
#include "cache/store_internal.h"
#include "system/process.h"

/* Of all grants of an organization: more than can be under way, so that the queue never runs dry,
 * and few enough to be searched. */
#define ALL_AT_ONCE 256

/* If PlanetScale's list has what tokens may do, it is fetched by the list, for all at once. */
static bool comes_with_list(const struct token *t)
{
	return t->r.has_grants;
}

static void read_ahead(struct organization *o, const struct readahead_range *range)
{
	for (size_t i = range->first; i < range->first + range->n; i++) {
		struct token *t = o->token[i];
		if (comes_with_list(t) || t->grants.state == RESOURCE_FETCHING ||
		    resource_fresh(&t->grants))
			continue;
		t->grants.read_ahead = true;
		resource_prefetch(&t->grants);
	}
}

int store_need_grants(struct store *s, struct waiter *w, struct token *t)
{
	bool was_read_ahead = t->grants.read_ahead,
	     was_fetching = t->grants.state == RESOURCE_FETCHING;
	int r = resource_need(&t->grants, w);
	bool begun = r == WAIT && !was_fetching;

	t->grants.read_ahead = false;
	if (w->tid == 0 || comes_with_list(t) || (!begun && !was_read_ahead))
		return r;
	if (s->cache->cache_ms == 0) /* what is fetched in advance would serve nobody */
		return r;
	/* Looked up only now, because it means reading /proc. */
	pid_t process = process_group(w->tid);
	if (process == 0)
		return r;
	enum readahead_result result = !was_read_ahead ? READAHEAD_MISS
				       : begun         ? READAHEAD_LOST
						       : READAHEAD_HIT;
	struct readahead_range range =
		readahead_need(&s->readahead, process, t->org, model_token_number(t),
			       t->org->n_tokens, result, api_prefetch_room(s->api));
	read_ahead(t->org, &range);
	return r;
}

/* Fetch the next ones, except those with a result since `w` arrived: it serves, so they are not
 * fetched again. */
static void ask_for_next(struct waiter *w, struct organization *o)
{
	struct walk *walk = &w->walk;

	for (; walk->asked < o->n_tokens && walk->asked < walk->served + ALL_AT_ONCE;
	     walk->asked++) {
		struct token *t = o->token[walk->asked];
		t->grants.read_ahead = false;
		if (t->grants.data_landed <= w->arrived &&
		    !resource_failed_since(&t->grants, w->arrived))
			resource_prefetch(&t->grants);
	}
}

int store_need_all_grants(struct store *s, struct waiter *w, struct organization *o)
{
	struct walk *walk = &w->walk;
	int64_t now_ms = clock_real_ms(s->cache->clock), other_ms = w->fresh_ms;
	int r = 0;

	if (walk->list != o->tokens_ordered)
		*walk = (struct walk){.list = o->tokens_ordered, .fresh_until_ms = INT64_MAX};
	while (walk->served < o->n_tokens) {
		ask_for_next(w, o);
		w->fresh_ms = INT64_MAX;
		r = resource_need(&o->token[walk->served]->grants, w);
		if (r != 0)
			break;
		if (w->fresh_ms < INT64_MAX)
			walk->fresh_until_ms = MIN(walk->fresh_until_ms, now_ms + w->fresh_ms);
		walk->served++;
	}
	w->fresh_ms = other_ms;
	if (r == 0 && walk->fresh_until_ms < INT64_MAX)
		w->fresh_ms = MIN(other_ms, MAX(walk->fresh_until_ms - now_ms, 0));
	return r;
}

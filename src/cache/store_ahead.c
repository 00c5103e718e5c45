/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/macros.h"
#include "cache/store_internal.h"
#include "system/process.h"

/* The number of a token in the order of its directory. */
static size_t token_number(const struct token *t)
{
	const struct organization *o = t->org;
	size_t from = 0, to = o->n_tokens;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;
		if (strcmp(o->token[middle]->file_name, t->file_name) > 0)
			to = middle;
		else
			from = middle;
	}
	return from;
}

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
		t->read_ahead = true;
		resource_prefetch(&t->grants);
	}
}

int store_need_grants(struct store *s, struct waiter *w, struct token *t)
{
	bool was_read_ahead = t->read_ahead, was_fetching = t->grants.state == RESOURCE_FETCHING;
	int r = resource_need(&t->grants, w);
	bool begun = r == WAIT && !was_fetching;

	t->read_ahead = false;
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
		readahead_need(&s->readahead, process, t->org, token_number(t), t->org->n_tokens,
			       result, api_prefetch_room(s->api));
	read_ahead(t->org, &range);
	return r;
}

int store_need_all_grants(struct store *s, struct waiter *w, struct organization *o)
{
	(void)s;
	/* A result since `w` arrived serves it: do not fetch again each time it is run. */
	for (size_t i = 0; i < o->n_tokens; i++) {
		struct resource *r = &o->token[i]->grants;
		o->token[i]->read_ahead = false;
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

/* SPDX-License-Identifier: MIT */
#include "truth.h"

#include "tell.h"

int64_t lookback_us(void)
{
	return (options.cache_ms + 8 * options.timeout_ms + disturb_lag_ms()) * INT64_C(1000);
}

bool overlaps(const struct span *s, int64_t from, int64_t to)
{
	return s->from <= to && s->to >= from;
}

bool alive_within(const struct token *t, int64_t from, int64_t to)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->spans[i].alive && overlaps(&t->spans[i], from, to))
			return true;
	return false;
}

bool alive_throughout(const struct token *t, int64_t from, int64_t to)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->spans[i].alive && overlaps(&t->spans[i], from, to))
			return false;
	return true;
}

/* Did no other operation write, or change, the same file meanwhile? */
bool alone_until(const struct record *r, int64_t to)
{
	EACH_RECORD(x)
	if (x != r && x->name == r->name &&
	    (x->resource == r->resource || x->empties || x->removes) && x->begin <= to &&
	    (x->end + (x->loose || x->mount == MIXED ? lookback_us() : 0)) >= r->begin &&
	    (x->writes || x->empties || x->removes || (x->grant | x->revoke) != 0))
		return false;
	return true;
}

bool alone(const struct record *r)
{
	return alone_until(r, r->end);
}

/* Has one mount seen both? Another one knows nothing of what was confirmed to it. */
static bool together(const struct record *x, const struct record *r)
{
	return x->mount == r->mount && x->mount != MIXED;
}

/*
 * From when on a scope can have been seen granted, or not granted: whatever answers say, this mount
 * knows what it was told last, up to `before`. Only where the name always means the same token.
 */
static int64_t bit_since(const struct record *r, int name, int resource, uint32_t bit, bool granted,
			 int64_t before, int64_t from)
{
	EACH_RECORD(x)
	{
		if (x->name != name || x->resource != resource || name >= STABLE ||
		    x->end > before || !together(x, r))
			continue;
		for (int i = 0; i < x->claim_count; i++) {
			const struct claim *c = &x->claims[i];
			if ((granted ? c->absent : c->present) & bit && c->from > from &&
			    (!c->shared || alone(x)))
				from = c->from;
		}
	}
	return from;
}

static bool bit_was(const struct token *t, int resource, uint32_t bit, bool granted, int64_t from,
		    int64_t to)
{
	for (size_t i = 0; i < t->count; i++)
		if (overlaps(&t->spans[i], from, to) &&
		    ((effective(&t->spans[i], resource) & bit) != 0) == granted)
			return true;
	return false;
}

/* With old answers: each scope by itself, for they are mixed with what the mount knows better. */
bool was_mixed(const struct token *t, int resource, const struct record *r, uint32_t set,
	       uint32_t mask)
{
	uint32_t known[2];

	memory_of(t, resource, r, &known[1], &known[0]);
	for (unsigned i = 0; i < scope_count; i++) {
		uint32_t bit = 1u << i;
		bool granted = (set & bit) != 0;
		int64_t from = bit_since(r, t->name, resource, bit, granted, r->seen_from,
					 r->seen_from - lookback_us());
		if (mask & bit && !(known[granted] & bit) &&
		    !bit_was(t, resource, bit, granted, from, r->end))
			return false;
	}
	return true;
}

/* Was it so, or would it be but for what the mount knows better? */
bool was(const struct token *t, int resource, int64_t from, const struct record *r, uint32_t set)
{
	uint32_t granted, revoked;

	if (disturb_lag_ms() > 0)
		return was_mixed(t, resource, r, set, ALL_SCOPES);
	memory_of(t, resource, r, &granted, &revoked);
	for (size_t i = 0; i < t->count; i++) {
		uint32_t had = effective(&t->spans[i], resource);
		if (overlaps(&t->spans[i], from, r->end) && (set & ~had & ~granted) == 0 &&
		    (had & ~set & ~revoked) == 0)
			return true;
	}
	return false;
}

/* An answer as old as that may be what it rests on, unless this mount knew better. */
bool kept_claim(const struct record *r, const struct token *t, const struct claim *c)
{
	int64_t lag = disturb_lag_ms() * INT64_C(1000);

	for (unsigned i = 0; i < scope_count; i++) {
		uint32_t bit = 1u << i;
		bool granted = (c->present & bit) != 0;
		int64_t from = c->from;
		if (((c->present | c->absent) & bit) == 0)
			continue;
		if (lag > 0)
			from = bit_since(r, t->name, r->resource, bit, granted, c->from,
					 c->from - lag);
		if (!bit_was(t, r->resource, bit, granted, from, c->to))
			return false;
	}
	return true;
}

/* Whom a path may have meant, for somebody who looked at `from` or later. */
bool meant(const struct token *t, int name, int64_t from, int64_t to)
{
	return t->name == name && alive_within(t, from - lookback_us() - 1000000, to);
}

/*
 * From when on a read must be true that began at r->seen_from. What this mount did before shows at
 * once; only where the name always means the same token.
 */
int64_t since(const struct record *r, int name, int resource)
{
	int64_t from = r->seen_from - lookback_us();

	EACH_RECORD(x)
	{
		if (x->name != name || x->end > r->seen_from || name >= STABLE || !together(x, r))
			continue;
		if (x->claim_count == 0 || x->resource != resource ||
		    (x->claims[x->claim_count - 1].shared && !alone(x)))
			continue;
		if (x->claims[x->claim_count - 1].from > from)
			from = x->claims[x->claim_count - 1].from;
	}
	return from;
}

int64_t since_removed(const struct record *r, int name)
{
	int64_t from = r->seen_from - lookback_us();

	EACH_RECORD(x)
	if (x->name == name && x->removed && x->end <= r->seen_from && x->begin > from &&
	    together(x, r))
		from = x->begin;
	return from;
}

/* Made by this mount, and reported as made, before `r` looked: since when; or for ever. */
int64_t made_before(const struct record *r, const struct token *t)
{
	/* An answer that lags for longer than the mount asks again about it may hide it. */
	bool hidden = disturb_lag_ms() >= options.timeout_ms;

	for (size_t i = 0; i < history_event_count && !hidden; i++) {
		const struct event *e = &history_events[i];
		if (&history_tokens[e->token] != t || !e->made || e->request == 0)
			continue;
		EACH_RECORD(x)
		if (x->name == t->name && x->made && x->end <= r->seen_from && together(x, r) &&
		    x->begin <= e->at + 999 && e->at <= x->end)
			return e->at + 1000;
	}
	return r->seen_from - lookback_us();
}

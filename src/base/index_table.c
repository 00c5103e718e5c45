/* SPDX-License-Identifier: MIT */
#include "base/index_table.h"

#include <stdlib.h>

#include "base/xmalloc.h"

#define BUCKETS_FIRST 16 /* a power of two, as the base always is */
#define PER_BUCKET    2  /* at most, on average; half of it, and the table shrinks */
#define PER_PAGE      512

static uint32_t *bucket(const struct index_table *t, size_t i)
{
	return &t->page[i / PER_PAGE][i % PER_PAGE];
}

/* The buckets from the base on have taken elements over from those before it. */
static uint32_t *bucket_of(const struct index_table *t, uint64_t hash)
{
	size_t i = hash & (2 * t->base - 1);

	return bucket(t, i < t->n_buckets ? i : i - t->base);
}

static struct slot *at(const struct index_table *t, uint32_t index)
{
	return index != 0 ? slots_at(t->slots, index) : NULL;
}

static void chain(struct index_table *t, struct slot *e)
{
	uint32_t *first = bucket_of(t, t->hash(e));

	e->next = *first;
	*first = slots_index(t->slots, e);
}

/* Put the elements of a chain where they belong now. */
static void chain_all(struct index_table *t, uint32_t first)
{
	for (struct slot *e = at(t, first), *next; e != NULL; e = next) {
		next = at(t, e->next);
		chain(t, e);
	}
}

static void add_page(struct index_table *t)
{
	size_t n = t->n_buckets / PER_PAGE;

	t->page = xgrow(t->page, n, sizeof(*t->page));
	t->page[n] = xcalloc(PER_PAGE, sizeof(**t->page));
}

/* Divide one bucket into two. */
static void grow(struct index_table *t)
{
	if (t->n_buckets % PER_PAGE == 0)
		add_page(t);
	uint32_t *divided = bucket(t, t->n_buckets - t->base), first = *divided;
	*divided = 0;
	if (++t->n_buckets == 2 * t->base)
		t->base *= 2;
	chain_all(t, first);
}

/* Join the last bucket with that from which it was divided. */
static void shrink(struct index_table *t)
{
	size_t last = t->n_buckets - 1;
	uint32_t first = *bucket(t, last);

	*bucket(t, last) = 0;
	if (t->n_buckets-- == t->base)
		t->base /= 2;
	if (last % PER_PAGE == 0)
		free_ptr(&t->page[last / PER_PAGE]);
	chain_all(t, first);
}

void index_table_init(struct index_table *t, const struct slots *slots, index_table_hash *hash)
{
	*t = (struct index_table){.slots = slots, .hash = hash};
	add_page(t);
	t->base = t->n_buckets = BUCKETS_FIRST;
}

void index_table_finish(struct index_table *t)
{
	for (size_t i = 0; i < t->n_buckets; i += PER_PAGE)
		free(t->page[i / PER_PAGE]);
	free(t->page);
	*t = (struct index_table){0};
}

void index_table_add(struct index_table *t, struct slot *e)
{
	if (++t->n > PER_BUCKET * t->n_buckets)
		grow(t);
	chain(t, e);
}

void index_table_remove(struct index_table *t, struct slot *e)
{
	uint32_t *link = bucket_of(t, t->hash(e));
	struct slot *there;

	while ((there = slots_at(t->slots, *link)) != e)
		link = &there->next;
	*link = e->next;
	if (--t->n < PER_BUCKET * t->n_buckets / 2 && t->n_buckets > BUCKETS_FIRST)
		shrink(t);
}

struct slot *index_table_first(const struct index_table *t, uint64_t hash)
{
	return at(t, *bucket_of(t, hash));
}

struct slot *index_table_next(const struct index_table *t, const struct slot *e)
{
	return at(t, e->next);
}

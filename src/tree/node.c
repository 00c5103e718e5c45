/* SPDX-License-Identifier: MIT */
#include "tree/node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/xmalloc.h"

static uint64_t hash_optional(uint64_t h, const char *s)
{
	return s == NULL ? hash_bytes(h, "\377", 1) : hash_str(h, s);
}

static uint64_t key_hash(const struct inode_key *p)
{
	uint64_t h = hash_bytes(HASH_INIT, &p->kind, sizeof(p->kind));

	h = hash_optional(h, p->target.organization_id);
	h = hash_optional(h, p->target.token_id);
	h = hash_optional(h, p->target.database_id);
	return hash_optional(h, p->name);
}

static bool same_key(const struct inode_key *a, const struct inode_key *b)
{
	return a->kind == b->kind && target_equal(&a->target, &b->target) &&
	       str_eq(a->name, b->name);
}

uint64_t inode_number(const struct inode_key *p)
{
	static const struct inode_key root = {0}; /* of the first kind, and with no ids */
	uint64_t h = key_hash(p);

	if (same_key(p, &root))
		return NODE_ROOT;
	return h > NODE_ROOT ? h : h + 2;
}

static void copy_key(struct nodes *t, struct inode_key *to, const struct inode_key *from)
{
	*to = (struct inode_key){
		.kind = from->kind,
		.target.organization_id = id_pool_intern(&t->ids, from->target.organization_id),
		.target.token_id = id_pool_intern(&t->ids, from->target.token_id),
		.target.database_id = id_pool_intern(&t->ids, from->target.database_id),
		.name = xstrdup(from->name),
	};
}

static void finish_key(struct inode_key *p)
{
	free_ptr(&p->name);
}

/* --- the two hash tables ----------------------------------------------------------------------- */

#define BUCKETS_FIRST 16 /* a power of two, as the base always is */
#define PER_BUCKET    2

static void table_init(struct node_table *t, bool of_numbers)
{
	*t = (struct node_table){.base = BUCKETS_FIRST, .of_numbers = of_numbers};
	t->bucket = xcalloc(2 * t->base, sizeof(struct node *));
}

static struct node **next_of(const struct node_table *t, struct node *n)
{
	return t->of_numbers ? &n->next_of_number : &n->next_of_key;
}

/* Numbers follow each other, so they are spread evenly as they are. */
static uint64_t hash_of(const struct node_table *t, const struct node *n)
{
	return t->of_numbers ? n->number : key_hash(&n->key);
}

static size_t bucket_of(const struct node_table *t, uint64_t hash)
{
	size_t i = hash & (2 * t->base - 1);

	return i < t->base + t->split ? i : i & (t->base - 1);
}

static void chain(struct node_table *t, struct node *n)
{
	struct node **first = &t->bucket[bucket_of(t, hash_of(t, n))];

	*next_of(t, n) = *first;
	*first = n;
}

/* Divide one bucket into two. */
static void table_grow(struct node_table *t)
{
	struct node *n = t->bucket[t->split], *next;

	t->bucket[t->split] = NULL;
	t->bucket[t->base + t->split] = NULL;
	if (++t->split == t->base) {
		t->base *= 2;
		t->split = 0;
		t->bucket = xrealloc(t->bucket, 2 * t->base * sizeof(struct node *));
	}
	for (; n != NULL; n = next) {
		next = *next_of(t, n);
		chain(t, n);
	}
}

static void table_insert(struct node_table *t, struct node *n)
{
	if (++t->n > PER_BUCKET * (t->base + t->split))
		table_grow(t);
	chain(t, n);
}

static void table_remove(struct node_table *t, struct node *n)
{
	struct node **at = &t->bucket[bucket_of(t, hash_of(t, n))];

	while (*at != n)
		at = next_of(t, *at);
	*at = *next_of(t, n);
	t->n--;
}

/* The first node from this bucket on. */
static struct node *first_from(const struct node_table *t, size_t bucket)
{
	for (; bucket < t->base + t->split; bucket++)
		if (t->bucket[bucket] != NULL)
			return t->bucket[bucket];
	return NULL;
}

struct node *node_next(const struct nodes *t, const struct node *n)
{
	const struct node_table *all = &t->by_number;

	if (n == NULL)
		return first_from(all, 0);
	return n->next_of_number != NULL ? n->next_of_number
					 : first_from(all, bucket_of(all, n->number) + 1);
}

static struct node *node_new(struct nodes *t, const struct inode_key *p)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->number = t->next_number++;
	copy_key(t, &n->key, p);
	table_insert(&t->by_key, n);
	table_insert(&t->by_number, n);
	t->n++;
	return n;
}

static void node_free(struct nodes *t, struct node *n)
{
	if (!n->detached)
		table_remove(&t->by_key, n);
	table_remove(&t->by_number, n);
	finish_key(&n->key);
	free(n);
	t->n--;
}

void nodes_init(struct nodes *t, const struct inode_key *root)
{
	*t = (struct nodes){.next_number = NODE_ROOT};
	table_init(&t->by_key, false);
	table_init(&t->by_number, true);
	t->root = node_new(t, root);
	t->root->lookups = 1;
}

void nodes_finish(struct nodes *t)
{
	const struct node_table *all = &t->by_number;

	for (size_t i = 0; i < all->base + all->split; i++)
		while (all->bucket[i] != NULL)
			node_free(t, all->bucket[i]);
	free(t->by_key.bucket);
	free(t->by_number.bucket);
	id_pool_finish(&t->ids);
	*t = (struct nodes){0};
}

struct node *node_find(struct nodes *t, uint64_t number)
{
	struct node *n = t->by_number.bucket[bucket_of(&t->by_number, number)];

	while (n != NULL && n->number != number)
		n = n->next_of_number;
	return n;
}

struct node *node_known(struct nodes *t, const struct inode_key *p)
{
	struct node *n = t->by_key.bucket[bucket_of(&t->by_key, key_hash(p))];

	while (n != NULL && !same_key(&n->key, p))
		n = n->next_of_key;
	return n;
}

struct node *node_at(struct nodes *t, const struct inode_key *p)
{
	struct node *n = node_known(t, p);

	return n != NULL ? n : node_new(t, p);
}

static void free_unused(struct nodes *t, struct node *n)
{
	if (n->lookups == 0 && n->refs == 0 && n != t->root)
		node_free(t, n);
}

void node_looked_up(struct node *n)
{
	if (n->lookups < UINT32_MAX)
		n->lookups++;
}

void node_forget(struct nodes *t, struct node *n, uint64_t lookups)
{
	if (n->lookups < UINT32_MAX)
		n->lookups -= lookups < n->lookups ? (uint32_t)lookups : n->lookups;
	free_unused(t, n);
}

void node_hold(struct node *n)
{
	n->refs++;
}

void node_release(struct nodes *t, struct node *n)
{
	assert(n->refs > 0);
	n->refs--;
	free_unused(t, n);
}

void node_detach(struct nodes *t, struct node *n)
{
	if (!n->detached)
		table_remove(&t->by_key, n);
	n->detached = true;
}

void node_misname(struct nodes *t, struct node *n)
{
	node_detach(t, n);
	n->misnamed = true;
}

void node_move(struct nodes *t, struct node *n, const struct inode_key *p)
{
	struct node *there = node_known(t, p);
	struct inode_key next;

	if (there == n)
		return;
	if (there != NULL)
		node_detach(t, there);
	copy_key(t, &next, p);
	if (!n->detached)
		table_remove(&t->by_key, n);
	finish_key(&n->key);
	n->key = next;
	n->detached = false;
	n->misnamed = false;
	table_insert(&t->by_key, n);
}

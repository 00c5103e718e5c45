/* SPDX-License-Identifier: MIT */
#include "tree/node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/xmalloc.h"

/* The key of a hash table is a number, or a struct inode_key, whose strings have to be compared. */
#undef HASH_KEYCMP
#define HASH_KEYCMP(a, b, len) keys_differ(a, b, len)

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

static bool keys_differ(const void *a, const void *b, size_t len)
{
	static_assert(sizeof(struct inode_key) != sizeof(uint64_t), "their sizes must differ");

	return len == sizeof(struct inode_key) ? !same_key(a, b) : memcmp(a, b, len) != 0;
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

static void insert_by_key(struct nodes *t, struct node *n)
{
	unsigned hash = (unsigned)key_hash(&n->key);

	HASH_ADD_BYHASHVALUE(hh_key, t->by_key, key, sizeof(n->key), hash, n);
}

static void remove_by_key(struct nodes *t, struct node *n)
{
	HASH_DELETE(hh_key, t->by_key, n);
}

static struct node *node_new(struct nodes *t, const struct inode_key *p)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->number = t->next_number++;
	copy_key(t, &n->key, p);
	insert_by_key(t, n);
	HASH_ADD(hh_number, t->by_number, number, sizeof(n->number), n);
	t->n++;
	return n;
}

static void node_free(struct nodes *t, struct node *n)
{
	if (!n->detached)
		remove_by_key(t, n);
	HASH_DELETE(hh_number, t->by_number, n);
	finish_key(&n->key);
	free(n);
	t->n--;
}

void nodes_init(struct nodes *t, const struct inode_key *root)
{
	*t = (struct nodes){.next_number = NODE_ROOT};
	t->root = node_new(t, root);
	t->root->lookups = 1;
}

void nodes_finish(struct nodes *t)
{
	struct node *n, *next;

	HASH_ITER(hh_number, t->by_number, n, next)
	node_free(t, n);
	id_pool_finish(&t->ids);
	*t = (struct nodes){0};
}

struct node *node_find(struct nodes *t, uint64_t number)
{
	struct node *n = NULL;

	HASH_FIND(hh_number, t->by_number, &number, sizeof(number), n);
	return n;
}

struct node *node_known(struct nodes *t, const struct inode_key *p)
{
	unsigned hash = (unsigned)key_hash(p);
	struct node *n = NULL;

	HASH_FIND_BYHASHVALUE(hh_key, t->by_key, p, sizeof(*p), hash, n);
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
	n->lookups++;
}

void node_forget(struct nodes *t, struct node *n, uint64_t lookups)
{
	n->lookups -= lookups < n->lookups ? lookups : n->lookups;
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
		remove_by_key(t, n);
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
		remove_by_key(t, n);
	finish_key(&n->key);
	n->key = next;
	n->detached = false;
	n->misnamed = false;
	insert_by_key(t, n);
}

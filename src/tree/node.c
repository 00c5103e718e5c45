/* SPDX-License-Identifier: MIT */
#include "tree/node.h"

#include <assert.h>
#include <stddef.h>

#include "base/hash.h"
#include "base/text.h"

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

/* --- keys ---------------------------------------------------------------------------------------- */

static struct node *node_of(struct slot *s)
{
	return (struct node *)(void *)s;
}

static struct node_ids take_ids(struct nodes *t, const struct inode_key *p)
{
	return (struct node_ids){
		.organization = id_pool_take(&t->ids, p->target.organization_id),
		.token = id_pool_take(&t->ids, p->target.token_id),
		.database = id_pool_take(&t->ids, p->target.database_id),
		.name = id_pool_take(&t->ids, p->name),
	};
}

static void drop_ids(struct nodes *t, const struct node_ids *ids)
{
	id_pool_drop(&t->ids, ids->organization);
	id_pool_drop(&t->ids, ids->token);
	id_pool_drop(&t->ids, ids->database);
	id_pool_drop(&t->ids, ids->name);
}

bool node_ids(const struct nodes *t, const struct inode_key *p, struct node_ids *ids)
{
	return id_pool_find(&t->ids, p->target.organization_id, &ids->organization) &&
	       id_pool_find(&t->ids, p->target.token_id, &ids->token) &&
	       id_pool_find(&t->ids, p->target.database_id, &ids->database) &&
	       id_pool_find(&t->ids, p->name, &ids->name);
}

struct inode_key node_key(const struct nodes *t, const struct node *n)
{
	return (struct inode_key){
		.kind = n->kind,
		.target.organization_id = id_pool_text(&t->ids, n->ids.organization),
		.target.token_id = id_pool_text(&t->ids, n->ids.token),
		.target.database_id = id_pool_text(&t->ids, n->ids.database),
		.name = id_pool_text(&t->ids, n->ids.name),
	};
}

/* A step of a hash of small numbers: each changes all bits. */
static uint64_t mix(uint64_t h, uint32_t number)
{
	h = (h ^ number) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static uint64_t ids_hash(unsigned kind, const struct node_ids *ids)
{
	uint64_t h = mix(HASH_INIT, kind);

	h = mix(h, ids->organization);
	h = mix(h, ids->token);
	h = mix(h, ids->database);
	return mix(h, ids->name);
}

static uint64_t node_hash(const struct slot *s)
{
	const struct node *n = (const struct node *)(const void *)s;

	return ids_hash(n->kind, &n->ids);
}

static bool same_ids(const struct node_ids *a, const struct node_ids *b)
{
	return a->organization == b->organization && a->token == b->token &&
	       a->database == b->database && a->name == b->name;
}

/* --- the table ----------------------------------------------------------------------------------- */

uint64_t node_number(const struct nodes *t, const struct node *n)
{
	return slots_number(&t->all, &n->slot);
}

struct node *node_find(struct nodes *t, uint64_t number)
{
	return node_of(slots_find(&t->all, number));
}

struct node *node_next(const struct nodes *t, const struct node *n)
{
	return node_of(slots_next(&t->all, n != NULL ? &n->slot : NULL));
}

static struct node *node_new(struct nodes *t, const struct inode_key *p)
{
	struct node *n = node_of(slots_add(&t->all));

	n->kind = p->kind & ((1u << NODE_KIND_BITS) - 1);
	n->ids = take_ids(t, p);
	index_table_add(&t->by_key, &n->slot);
	return n;
}

static void node_free(struct nodes *t, struct node *n)
{
	if (!n->detached)
		index_table_remove(&t->by_key, &n->slot);
	drop_ids(t, &n->ids);
	slots_remove(&t->all, &n->slot);
}

void nodes_init(struct nodes *t, const struct inode_key *root)
{
	id_pool_init(&t->ids);
	slots_init(&t->all, sizeof(struct node));
	index_table_init(&t->by_key, &t->all, node_hash);
	t->root = node_new(t, root);
	t->root->lookups = 1;
	assert(node_number(t, t->root) == NODE_ROOT);
}

void nodes_finish(struct nodes *t)
{
	index_table_finish(&t->by_key);
	slots_finish(&t->all);
	id_pool_finish(&t->ids);
	*t = (struct nodes){0};
}

struct node *node_known(const struct nodes *t, const struct inode_key *p)
{
	struct node_ids ids;

	if (!node_ids(t, p, &ids))
		return NULL;
	struct slot *s = index_table_first(&t->by_key, ids_hash(p->kind, &ids));
	while (s != NULL && (node_of(s)->kind != p->kind || !same_ids(&node_of(s)->ids, &ids)))
		s = index_table_next(&t->by_key, s);
	return node_of(s);
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
	if (n->refs < NODE_REFS_MAX)
		n->refs++;
}

void node_release(struct nodes *t, struct node *n)
{
	assert(n->refs > 0);
	if (n->refs < NODE_REFS_MAX)
		n->refs--;
	free_unused(t, n);
}

void node_detach(struct nodes *t, struct node *n)
{
	if (!n->detached)
		index_table_remove(&t->by_key, &n->slot);
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

	if (there == n)
		return;
	if (there != NULL)
		node_detach(t, there);
	if (!n->detached)
		index_table_remove(&t->by_key, &n->slot);
	struct node_ids old = n->ids;
	n->ids = take_ids(t, p); /* before the old ones are dropped, whose strings `p` may have */
	drop_ids(t, &old);
	n->kind = p->kind & ((1u << NODE_KIND_BITS) - 1);
	n->detached = false;
	n->misnamed = false;
	index_table_add(&t->by_key, &n->slot);
}

#include "tree/node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 256

static uint64_t hash_optional(uint64_t h, const char *s)
{
	return s == NULL ? hash_bytes(h, "\377", 1) : hash_str(h, s);
}

static uint64_t place_hash(const struct inode_key *p)
{
	uint64_t h = hash_bytes(HASH_INIT, &p->kind, sizeof(p->kind));

	h = hash_optional(h, p->target.organization_id);
	h = hash_optional(h, p->target.token_id);
	h = hash_optional(h, p->target.database_id);
	return hash_optional(h, p->name);
}

static bool same_place(const struct inode_key *a, const struct inode_key *b)
{
	return a->kind == b->kind && target_equal(&a->target, &b->target) &&
	       str_eq(a->name, b->name);
}

uint64_t inode_number(const struct inode_key *p)
{
	static const struct inode_key root = {0}; /* of the first kind, and with no ids */
	uint64_t h = place_hash(p);

	if (same_place(p, &root))
		return NODE_ROOT;
	return h > NODE_ROOT ? h : h + 2;
}

struct node_id {
	uint64_t hash;
	char text[];
};

static size_t id_slot(struct node_id *const *v, size_t cap, uint64_t hash, const char *text)
{
	size_t i = hash & (cap - 1);

	while (v[i] != NULL && (v[i]->hash != hash || strcmp(v[i]->text, text) != 0))
		i = (i + 1) & (cap - 1);
	return i;
}

static void ids_grow(struct nodes *t)
{
	size_t cap = t->ids_cap * 2;
	struct node_id **v = xcalloc(cap, sizeof(struct node_id *));

	for (size_t i = 0; i < t->ids_cap; i++)
		if (t->id[i] != NULL)
			v[id_slot(v, cap, t->id[i]->hash, t->id[i]->text)] = t->id[i];
	free(t->id);
	t->id = v;
	t->ids_cap = cap;
}

static const char *intern(struct nodes *t, const char *id)
{
	if (id == NULL)
		return NULL;
	if (t->n_ids * 2 >= t->ids_cap)
		ids_grow(t);
	uint64_t hash = hash_str(HASH_INIT, id);
	struct node_id **slot = &t->id[id_slot(t->id, t->ids_cap, hash, id)];
	if (*slot == NULL) {
		size_t len = strlen(id) + 1;
		*slot = xmalloc(sizeof(**slot) + len);
		(*slot)->hash = hash;
		memcpy((*slot)->text, id, len);
		t->n_ids++;
	}
	return (*slot)->text;
}

static void copy_place(struct nodes *t, struct inode_key *to, const struct inode_key *from)
{
	*to = (struct inode_key){
		.kind = from->kind,
		.target.organization_id = intern(t, from->target.organization_id),
		.target.token_id = intern(t, from->target.token_id),
		.target.database_id = intern(t, from->target.database_id),
		.name = xstrdup(from->name),
	};
}

static void finish_place(struct inode_key *p)
{
	free_ptr(&p->name);
}

/* --- the two hash tables, of singly linked chains: there are many nodes, and chains are short --- */

static struct node **place_chain(struct nodes *t, const struct inode_key *p)
{
	return &t->by_place[place_hash(p) % t->n_buckets];
}

static struct node **number_chain(struct nodes *t, uint64_t number)
{
	return &t->by_number[number % t->n_buckets];
}

static void insert_place(struct nodes *t, struct node *n)
{
	struct node **chain = place_chain(t, &n->key);

	n->next_of_place = *chain;
	*chain = n;
}

static void remove_place(struct nodes *t, struct node *n)
{
	struct node **at = place_chain(t, &n->key);

	while (*at != NULL && *at != n)
		at = &(*at)->next_of_place;
	if (*at != NULL)
		*at = n->next_of_place;
	n->next_of_place = NULL;
}

static void insert_number(struct nodes *t, struct node *n)
{
	struct node **chain = number_chain(t, n->number);

	n->next_of_number = *chain;
	*chain = n;
}

static void remove_number(struct nodes *t, struct node *n)
{
	struct node **at = number_chain(t, n->number);

	while (*at != n)
		at = &(*at)->next_of_number;
	*at = n->next_of_number;
}

static void make_tables(struct nodes *t, size_t n_buckets)
{
	t->n_buckets = n_buckets;
	t->by_place = xcalloc(n_buckets, sizeof(struct node *));
	t->by_number = xcalloc(n_buckets, sizeof(struct node *));
}

static void grow(struct nodes *t)
{
	struct node **old = t->by_number;
	size_t old_n = t->n_buckets;

	free(t->by_place);
	make_tables(t, 2 * old_n);
	for (size_t i = 0; i < old_n; i++) {
		for (struct node *n = old[i], *next; n != NULL; n = next) {
			next = n->next_of_number;
			insert_number(t, n);
			if (!n->detached)
				insert_place(t, n);
		}
	}
	free(old);
}

static struct node *node_new(struct nodes *t, const struct inode_key *p)
{
	struct node *n = xcalloc(1, sizeof(*n));

	if (t->n >= 2 * t->n_buckets)
		grow(t);
	n->number = t->next_number++;
	copy_place(t, &n->key, p);
	insert_place(t, n);
	insert_number(t, n);
	t->n++;
	return n;
}

static void node_free(struct nodes *t, struct node *n)
{
	if (!n->detached)
		remove_place(t, n);
	remove_number(t, n);
	finish_place(&n->key);
	free(n);
	t->n--;
}

void nodes_init(struct nodes *t, const struct inode_key *root)
{
	*t = (struct nodes){.next_number = NODE_ROOT};
	make_tables(t, BUCKETS_FIRST);
	t->ids_cap = BUCKETS_FIRST;
	t->id = xcalloc(t->ids_cap, sizeof(struct node_id *));
	t->root = node_new(t, root);
	t->root->lookups = 1;
}

void nodes_finish(struct nodes *t)
{
	for (size_t i = 0; i < t->n_buckets; i++)
		while (t->by_number[i] != NULL)
			node_free(t, t->by_number[i]);
	for (size_t i = 0; i < t->ids_cap; i++)
		free(t->id[i]);
	free(t->id);
	free(t->by_place);
	free(t->by_number);
	*t = (struct nodes){0};
}

struct node *node_find(struct nodes *t, uint64_t number)
{
	struct node *n = *number_chain(t, number);

	while (n != NULL && n->number != number)
		n = n->next_of_number;
	return n;
}

struct node *node_known(struct nodes *t, const struct inode_key *p)
{
	struct node *n = *place_chain(t, p);

	while (n != NULL && !same_place(&n->key, p))
		n = n->next_of_place;
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
		remove_place(t, n);
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
	copy_place(t, &next, p);
	if (!n->detached)
		remove_place(t, n);
	finish_place(&n->key);
	n->key = next;
	n->detached = false;
	n->misnamed = false;
	insert_place(t, n);
}

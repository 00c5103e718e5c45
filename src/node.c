#include "node.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 256

/* Both hash rings at once: `hash` by place, `number_link` by number. */
struct entry {
	struct node node; /* first */
	struct list number_link;
};

static struct entry *entry_of(struct node *n)
{
	return container_of(n, struct entry, node);
}

static uint64_t hash_optional(uint64_t h, const char *s)
{
	return s == NULL ? hash_bytes(h, "\377", 1) : hash_str(h, s);
}

static uint64_t place_hash(const struct place *p)
{
	uint64_t h = hash_bytes(HASH_INIT, &p->kind, sizeof(p->kind));

	h = hash_optional(h, p->organization_id);
	h = hash_optional(h, p->token_id);
	h = hash_optional(h, p->database_id);
	return hash_optional(h, p->name);
}

uint64_t place_inode(const struct place *p)
{
	uint64_t h = place_hash(p);

	return h > NODE_ROOT ? h : h + 2;
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->kind == b->kind && str_eq(a->organization_id, b->organization_id) &&
	       str_eq(a->token_id, b->token_id) && str_eq(a->database_id, b->database_id) &&
	       str_eq(a->name, b->name);
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

static void copy_place(struct nodes *t, struct place *to, const struct place *from)
{
	*to = (struct place){
		.kind = from->kind,
		.organization_id = intern(t, from->organization_id),
		.token_id = intern(t, from->token_id),
		.database_id = intern(t, from->database_id),
		.name = xstrdup(from->name),
	};
}

static void finish_place(struct place *p)
{
	free_ptr(&p->name);
}

static struct list *rings_new(size_t n)
{
	struct list *v = xcalloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		list_init(&v[i]);
	return v;
}

static void insert(struct nodes *t, struct node *n)
{
	list_append(&t->bucket[place_hash(&n->place) % t->n_buckets], &n->hash);
}

static void insert_number(struct nodes *t, struct node *n)
{
	list_append(&t->by_number[n->number % t->n_buckets], &entry_of(n)->number_link);
}

static void grow(struct nodes *t)
{
	size_t old_n = t->n_buckets;
	struct list *old = t->by_number, all;

	list_init(&all);
	for (size_t i = 0; i < old_n; i++)
		list_splice(&all, &old[i]);
	free(old);
	for (size_t i = 0; i < old_n; i++)
		while (!list_empty(&t->bucket[i]))
			list_remove(t->bucket[i].next);
	free(t->bucket);
	t->n_buckets = old_n * 2;
	t->bucket = rings_new(t->n_buckets);
	t->by_number = rings_new(t->n_buckets);
	while (!list_empty(&all)) {
		struct entry *e = container_of(all.next, struct entry, number_link);
		list_remove(&e->number_link);
		insert_number(t, &e->node);
		if (!e->node.detached)
			insert(t, &e->node);
	}
}

static struct node *node_new(struct nodes *t, const struct place *p)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	if (t->n >= 2 * t->n_buckets)
		grow(t);
	e->node.number = t->next_number++;
	copy_place(t, &e->node.place, p);
	list_init(&e->node.hash);
	list_init(&e->number_link);
	insert(t, &e->node);
	insert_number(t, &e->node);
	t->n++;
	return &e->node;
}

static void node_free(struct nodes *t, struct node *n)
{
	list_remove(&n->hash);
	list_remove(&entry_of(n)->number_link);
	finish_place(&n->place);
	free(entry_of(n));
	t->n--;
}

void nodes_init(struct nodes *t, const struct place *root)
{
	*t = (struct nodes){.n_buckets = BUCKETS_FIRST, .next_number = NODE_ROOT};
	t->bucket = rings_new(t->n_buckets);
	t->by_number = rings_new(t->n_buckets);
	t->ids_cap = BUCKETS_FIRST;
	t->id = xcalloc(t->ids_cap, sizeof(struct node_id *));
	t->root = node_new(t, root);
	t->root->lookups = 1;
}

void nodes_finish(struct nodes *t)
{
	for (size_t i = 0; i < t->n_buckets; i++)
		while (!list_empty(&t->by_number[i]))
			node_free(t, &container_of(t->by_number[i].next, struct entry, number_link)
					      ->node);
	for (size_t i = 0; i < t->ids_cap; i++)
		free(t->id[i]);
	free(t->id);
	free(t->bucket);
	free(t->by_number);
	*t = (struct nodes){0};
}

struct node *node_find(struct nodes *t, uint64_t number)
{
	list_for_each(pos, &t->by_number[number % t->n_buckets])
	{
		struct entry *e = container_of(pos, struct entry, number_link);
		if (e->node.number == number)
			return &e->node;
	}
	return NULL;
}

struct node *node_known(struct nodes *t, const struct place *p)
{
	list_for_each(pos, &t->bucket[place_hash(p) % t->n_buckets])
	{
		struct node *n = container_of(pos, struct node, hash);
		if (same_place(&n->place, p))
			return n;
	}
	return NULL;
}

struct node *node_at(struct nodes *t, const struct place *p)
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
	(void)t;
	list_remove(&n->hash);
	n->detached = true;
}

void node_move(struct nodes *t, struct node *n, const struct place *p)
{
	struct node *there = node_known(t, p);
	struct place next;

	if (there == n)
		return;
	if (there != NULL)
		node_detach(t, there);
	copy_place(t, &next, p);
	list_remove(&n->hash);
	finish_place(&n->place);
	n->place = next;
	n->detached = false;
	insert(t, n);
}

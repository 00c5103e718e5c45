/* SPDX-License-Identifier: MIT */
/*
 * node: maps the kernel's node numbers to the keys of the tree.
 *
 * A key is a kind and the ids that it needs; a node is a key that the kernel knows. Node numbers
 * are never used twice, so that a forgotten number cannot refer to another token later. The inode
 * number that stat(2) shows is computed from the key, so that it is the same after a remount. Owns
 * the nodes. Knows neither model nor files: tree decides whether the object of a key still exists.
 */
#ifndef PSCALEFS_NODE_H
#define PSCALEFS_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/index_table.h"
#include "base/slots.h"
#include "planetscale/target.h"
#include "tree/id_pool.h"

/* The strings are borrowed. NULL: not needed. */
struct inode_key {
	unsigned kind; /* enum tree_kind */
	struct target target;
	const char *name; /* of a scratch file */
};

/* Of a key's strings the numbers in the table's pool. */
struct node_ids {
	uint32_t organization, token, database, name;
};

#define NODE_KIND_BITS 6
#define NODE_REFS_BITS 20
#define NODE_REFS_MAX  ((1u << NODE_REFS_BITS) - 1)

/* There may be a million of them, 23 for each token if all is read: each byte counts. At their largest
 * values `lookups` and `refs` are no longer counted, and the node stays. */
struct node {
	struct slot slot; /* in nodes.all; the first member */
	/* References that the kernel got in replies and has not forgotten. */
	uint32_t lookups;
	unsigned refs : NODE_REFS_BITS; /* open files */
	unsigned kind : NODE_KIND_BITS; /* enum tree_kind */
	bool misnamed : 1; /* detached, and the kernel has it under the name of another key */
	/* The kernel may use attributes that it was given, until it is told to forget them. */
	bool kept : 1;
	bool name_kept : 1; /* the kernel may use its name for some time without asking */
	bool renamed : 1; /* its name is another one now, but the kernel may still use the old one */
	bool detached : 1;   /* unlinked or replaced: node_at() makes a new node for the key */
	struct node_ids ids; /* each counted as a use */
};
_Static_assert(sizeof(struct node) == 32, "each byte counts");

struct nodes {
	struct id_pool ids;
	struct slots all;
	struct index_table by_key; /* of those that are not detached */
	struct node *root;         /* borrowed from `all`; never forgotten */
};

#define NODE_ROOT 1

void nodes_init(struct nodes *t, const struct inode_key *root);
void nodes_finish(struct nodes *t);

/* The kernel's name for it. */
uint64_t node_number(const struct nodes *t, const struct node *n);
/* NULL if there is no node of this number (any more). */
struct node *node_find(struct nodes *t, uint64_t number);
/* The strings stay as long as the node, unless it is moved. */
struct inode_key node_key(const struct nodes *t, const struct node *n);
/* The numbers of a key's strings, to compare many nodes with. False: one of them is in no node. */
bool node_ids(const struct nodes *t, const struct inode_key *p, struct node_ids *ids);
/* The node of a key; creates it if necessary. It lives while it has lookups or refs: take one
 * before the next call. */
struct node *node_at(struct nodes *t, const struct inode_key *p);
/* The node of a key if the kernel knows it; else NULL. */
struct node *node_known(const struct nodes *t, const struct inode_key *p);
/* The one after `n`, and the first one after NULL; after the last NULL. Each once, in any order, if none is
 * added meanwhile. */
struct node *node_next(const struct nodes *t, const struct node *n);
void node_looked_up(struct node *n);
void node_forget(struct nodes *t, struct node *n, uint64_t lookups);
void node_hold(struct node *n);
void node_release(struct nodes *t, struct node *n);
/* Separate it from its key: the next node_at() makes a new node. */
void node_detach(struct nodes *t, struct node *n);
/* The kernel renamed it, but the file of its key keeps its name: an open by either name must first
 * repeat the lookup. */
void node_misname(struct nodes *t, struct node *n);
/* The kernel renamed it: from now on it is the node of `p`. A previous node of `p` is detached. */
void node_move(struct nodes *t, struct node *n, const struct inode_key *p);

uint64_t inode_number(const struct inode_key *p); /* what stat shows */

#endif

/* SPDX-License-Identifier: MIT */
/*
 * node: between the kernel's inode numbers and the places of the tree.
 *
 * A place is a kind and the ids it needs; a node is a place that the kernel knows. Node numbers are
 * never used twice, so a forgotten number cannot come to mean another token; what stat(2) shows as
 * inode number is made from the place, so it survives a remount. Owns the nodes. Knows neither
 * model nor files: whether a place still exists, tree says.
 */
#ifndef PSCALEFS_NODE_H
#define PSCALEFS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash_table.h"
#include "planetscale/target.h"
#include "tree/id_pool.h"

/* Ids are interned in nodes; in a place under construction they are borrowed. NULL: not needed. */
struct inode_key {
	unsigned kind; /* enum tree_kind */
	struct target target;
	const char *name; /* of a scratch file */
};

struct node {
	UT_hash_handle hh_place;  /* in nodes.by_place, unless detached */
	UT_hash_handle hh_number; /* in nodes.by_number */
	uint64_t number;          /* what the kernel calls it */
	uint64_t lookups;         /* how often the kernel was told of it and has not forgotten */
	unsigned refs;            /* open files */
	struct inode_key key;     /* strings of the table's pool, `name` owned */
	bool misnamed; /* detached, and the kernel has it under the name of another place */
	bool detached; /* unlinked or replaced: the place belongs to another node now */
};

struct nodes {
	struct id_pool ids;
	struct node *by_place;  /* a hash table of those that are not detached */
	struct node *by_number; /* owned, with the nodes in it; a hash table */
	size_t n;
	uint64_t next_number;
	struct node *root; /* borrowed from the table; never forgotten */
};

#define NODE_ROOT 1

void nodes_init(struct nodes *t, const struct inode_key *root);
void nodes_finish(struct nodes *t);

/* NULL if the kernel names what it was told to forget. */
struct node *node_find(struct nodes *t, uint64_t number);
/* The node of a place, made if need be. It lives while it has lookups or refs: take one before the
 * next call. */
struct node *node_at(struct nodes *t, const struct inode_key *p);
/* The node of a place if the kernel knows it; else NULL. */
struct node *node_known(struct nodes *t, const struct inode_key *p);
void node_looked_up(struct node *n);
void node_forget(struct nodes *t, struct node *n, uint64_t lookups);
void node_hold(struct node *n);
void node_release(struct nodes *t, struct node *n);
/* Its place is no longer its own: the next node_at makes another node. */
void node_detach(struct nodes *t, struct node *n);
/* The kernel moved it (rename), but the place stays where it is: whoever opens it by either name
 * must look again. */
void node_misname(struct nodes *t, struct node *n);
/* The kernel moved it (rename): from now on it is the node of `p`; one that was there is detached.
 */
void node_move(struct nodes *t, struct node *n, const struct inode_key *p);

uint64_t inode_number(const struct inode_key *p); /* what stat shows */

#endif

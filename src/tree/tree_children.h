/* SPDX-License-Identifier: MIT */
/*
 * tree_children: the entries of directories that PlanetScale names. Only tree.c includes this.
 *
 * A list function calls `emit` for every entry; a find function returns the key of one name, or
 * -ENOENT if there is none. A stamp function tells whether a list is still the same. All may return WAIT.
 */
#ifndef PSCALEFS_TREE_CHILDREN_H
#define PSCALEFS_TREE_CHILDREN_H

#include "tree/tree.h"

#define DIR  (S_IFDIR | 0700)
#define LINK (S_IFLNK | 0777)

typedef int tree_children_fn(struct tree *t, struct waiter *w, const struct tree_objects *v,
			     tree_emit *emit, void *ctx);
typedef int tree_find_fn(struct tree *t, struct waiter *w, const struct tree_objects *v,
			 const char *name, struct inode_key *out);
typedef int tree_stamp_fn(struct waiter *w, const struct tree_objects *v, uint64_t *stamp);

tree_children_fn list_organizations, list_databases, list_tokens, list_token_links, list_id_links,
	list_token_databases;
tree_find_fn find_organization, find_database, find_token, find_token_link, find_id_link,
	find_token_database;
tree_stamp_fn stamp_tokens;

#endif

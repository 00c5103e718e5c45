/* SPDX-License-Identifier: MIT */
/*
 * tree_show: the contents of the files, from the model. Only the files of tree include this.
 *
 * A show function appends the whole text of a file, or the target of a link; it may return WAIT.
 */
#ifndef PSCALEFS_TREE_SHOW_H
#define PSCALEFS_TREE_SHOW_H

#include <stddef.h>

#include "base/buf.h"
#include "tree/tree.h"

typedef int tree_show_fn(struct tree *t, struct waiter *w, const struct tree_objects *v,
			 struct buf *out);

/* The size in bytes without a request: of what is known. */
typedef size_t tree_size_fn(const struct tree_objects *v);

tree_size_fn size_audit_log;
tree_show_fn show_status, show_errors, show_scopes_organization, show_scopes_database, show_nothing;
tree_show_fn show_member, show_organization_info, show_audit_log;
tree_show_fn show_database_info, show_database_id, show_database_region, show_database_created_at,
	show_database_access;
tree_show_fn show_token_link, show_by_id_link;
tree_show_fn show_token_id, show_token_name, show_token_created_at, show_token_created_by,
	show_token_expires_at, show_token_last_used_at, show_token_info, show_token_env,
	show_token_header, show_token_secret, show_permissions, show_scratch;

#endif

/* SPDX-License-Identifier: MIT */
/*
 * tree: the table of the file system. For each kind of file and directory: its name, its parent,
 * its mode, its content and its entries.
 *
 * lookup, readdir and getattr use the one table in tree.c; a test compares the manual with it.
 * Reads the model through resources, so that every function may return WAIT; changes nothing. The
 * table only names the meaning of a write (enum tree_write); fs carries it out.
 *
 * Results: 0, WAIT, or -errno with the reason in the waiter's error. If the organization, database
 * or token of a key is gone, the result is -ESTALE, which makes the kernel repeat the lookup.
 */
#ifndef PSCALEFS_TREE_H
#define PSCALEFS_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error_log.h"
#include "cache/store.h"
#include "tree/node.h"
#include "tree/scratch.h"

enum tree_kind {
	TREE_ROOT,
	TREE_STATE,
	TREE_STATUS,
	TREE_ERRORS,
	TREE_SCOPES,
	TREE_SCOPES_ORGANIZATION,
	TREE_SCOPES_DATABASE,
	TREE_REFRESH,
	TREE_ORGANIZATION,
	TREE_ORGANIZATION_INFO,
	TREE_AUDIT_LOG,
	TREE_CREATE_TOKEN,
	TREE_DATABASES,
	TREE_DATABASE,
	TREE_DATABASE_INFO,
	TREE_DATABASE_ID,
	TREE_DATABASE_KIND,
	TREE_DATABASE_REGION,
	TREE_DATABASE_STATE,
	TREE_DATABASE_CREATED_AT,
	TREE_DATABASE_ACCESS,
	TREE_DATABASE_TOKENS,
	TREE_DATABASE_TOKEN,
	TREE_BY_ID,
	TREE_BY_ID_TOKEN,
	TREE_TOKENS,
	TREE_TOKEN,
	TREE_TOKEN_ID,
	TREE_TOKEN_NAME,
	TREE_TOKEN_CREATED_AT,
	TREE_TOKEN_CREATED_BY,
	TREE_TOKEN_EXPIRES_AT,
	TREE_TOKEN_LAST_USED_AT,
	TREE_TOKEN_INFO,
	TREE_TOKEN_ENV,
	TREE_TOKEN_HEADER,
	TREE_TOKEN_SECRET,
	TREE_PERMISSIONS,
	TREE_TOKEN_DATABASES,
	TREE_TOKEN_DATABASE,
	TREE_DATABASE_PERMISSIONS,
	TREE_SCRATCH,
	TREE_KINDS,
};
_Static_assert(TREE_KINDS <= 1 << NODE_KIND_BITS, "a node's kind has so many bits");

/* What opening, writing and closing a file of this kind mean: fs has the handlers. */
enum tree_write {
	WRITE_REFUSED, /* read-only: shows data of PlanetScale or of this program */
	WRITE_LOG,     /* the same, and it grows while it is open */
	WRITE_PERMISSIONS,
	WRITE_CREATE_TOKEN,
	WRITE_REFRESH,
	WRITE_SCRATCH,
	WRITE_KINDS,
};

struct tree {
	struct store *store;         /* borrowed */
	struct model *model;         /* borrowed from store */
	const char *organization;    /* borrowed; the only one that is shown; NULL: all */
	struct error_log *error_log; /* borrowed */
	struct scratches *scratches; /* borrowed */
	/* Appends the text of .pscalefs/status, which another module knows. */
	void (*status)(void *ctx, struct buf *out);
	void *status_ctx; /* borrowed */
};

/* The objects of a key, valid for one run of a handler. */
struct tree_objects {
	struct inode_key key; /* borrowed strings */
	struct organization *organization;
	struct token *token;
	struct database *database; /* NULL also where only a grant names it */
	struct scratch *scratch;
};

typedef void tree_emit(void *ctx, const char *name, mode_t mode, uint64_t inode);

/* Columns of the table, also for the test that compares the manual with it. A NULL name: there are
 * many, and PlanetScale names them. */
const char *tree_name(enum tree_kind kind);
enum tree_kind tree_parent(enum tree_kind kind);
mode_t tree_mode(enum tree_kind kind);
/* The member of its object (in PlanetScale's JSON) that the file shows; NULL: something else. */
const char *tree_member(enum tree_kind kind);
enum tree_write tree_write(enum tree_kind kind);
bool tree_is_permissions(enum tree_kind kind); /* of the organization or of a database */
bool tree_is_log(enum tree_kind kind);
bool tree_is_scratch(enum tree_kind kind);
bool tree_holds_scratch(enum tree_kind kind); /* may temporary files be made in this directory? */
/* The key of a temporary file of this name in directory `p`, or beside file `p`; it need not
 * exist. */
struct inode_key tree_scratch(const struct inode_key *p, const char *name);
/* The key of a token's file `permissions`: of the target's database, or of the organization. */
struct inode_key tree_permissions(const struct target *target);
enum secret_form tree_secret(enum tree_kind kind); /* 0: it shows no secret */
/* May the kernel keep a copy of its attributes, or of its name, as long as what they come from is
 * fresh? */
bool tree_keeps_attr(enum tree_kind kind);
bool tree_keeps_entry(enum tree_kind kind);
/* Is its content the same as long as its object exists? */
bool tree_constant(enum tree_kind kind);
/* May its size need the network? Then a lookup does not ask for it, because a lookup that waits
 * blocks its whole directory. */
bool tree_attr_later(enum tree_kind kind);
/* Is it the directory of an organization, or (`database`) of a database, there or of a token: named
 * after the object? */
bool tree_is_named(enum tree_kind kind, bool database);
/* Is it below a token's directory (not the directory itself)? */
bool tree_in_token(enum tree_kind kind);
/* Is it a token's directory, or below one? */
bool tree_of_token(enum tree_kind kind);
/* Is it the root, an organization or its `service-tokens`: a directory above tokens, for the
 * removal guard? */
bool tree_above_token(enum tree_kind kind);

int tree_resolve(struct tree *t, struct waiter *w, const struct inode_key *p,
		 struct tree_objects *v);
/* The key of entry `name` in directory `dir`; -ENOENT, mostly without a sentence. Its strings are
 * borrowed from `dir`, the model or `name`. */
int tree_child(struct tree *t, struct waiter *w, const struct inode_key *dir, const char *name,
	       struct inode_key *out);
/*
 * The entries of a directory; emit() is called for each. *stamp: in, of the entries that the caller has
 * from an earlier call (0: it has none); out, of those that are there now (0: they have none, because
 * they are few). The same stamp means the same entries, and they are not emitted again.
 */
int tree_children(struct tree *t, struct waiter *w, const struct inode_key *dir, uint64_t *stamp,
		  tree_emit *emit, void *ctx);
/* All attributes; but st_nlink is always 1, which means "not counted" for directories. */
int tree_attr(struct tree *t, struct waiter *w, const struct inode_key *p, struct stat *st);
/* The same without reading the model: size and times are 0. For a reply that may not wait; let the
 * attributes expire at once. */
void tree_attr_unread(const struct inode_key *p, struct stat *st);
/* The times alone, of objects that tree_resolve() has found. */
void tree_times(struct tree *t, const struct tree_objects *v, struct stat *st);
/* A file's content or a link's target, appended. Wipe the buffer (buf_wipe): it may be a secret. */
int tree_show(struct tree *t, struct waiter *w, const struct inode_key *p, struct buf *out);
/* "/acme/service-tokens/ci/permissions", for messages; ids where the model knows no name. */
void tree_path(struct tree *t, const struct inode_key *p, struct buf *out);

#endif

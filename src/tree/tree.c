/* SPDX-License-Identifier: MIT */
#include "tree/tree.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "tree/tree_children.h"
#include "tree/tree_show.h"

#define FILE_R (S_IFREG | 0400)
#define FILE_W (S_IFREG | 0600)

/*
 * May the kernel use its own copy of the attributes, as long as what they come from is fresh? A
 * change that this mount makes or sees earlier is told to it (fs_kept.c).
 */
enum attr_expiry {
	ATTR_KEPT,
	ATTR_EXPIRED, /* no: they change with each request, or without a change that is seen */
	/* Yes, but a lookup does not ask for them: see tree_attr_later(). */
	ATTR_LATER,
	ATTR_LATER_EXPIRED, /* not asked for by a lookup, and not kept */
};

/* All properties of a kind. */
struct row {
	const char *name; /* NULL: PlanetScale names them */
	enum tree_kind parent;
	mode_t mode;
	tree_show_fn *show;         /* files and links */
	const char *member;         /* for show_member */
	tree_children_fn *children; /* directories with children that PlanetScale names */
	tree_find_fn *find;
	tree_stamp_fn *stamp;  /* of the entries, where there may be many: see tree_children() */
	tree_size_fn *size;    /* its size, if that is not to be found by showing it */
	enum tree_write write; /* files */
	enum attr_expiry attr;
	/*
	 * The kernel may not keep the name, because it may disappear by a change elsewhere in the
	 * mount: a link by a revocation or when the token is deleted, a secret's file when another
	 * one is removed. A temporary file's may come to be that of `permissions`. Any other name
	 * disappears by a removal of that name, of which the kernel knows; or by a change made
	 * elsewhere, after which a request for its attributes fails with ESTALE, and the kernel
	 * repeats the lookup. What is not there it never keeps: a name may appear by create-token,
	 * or be there again after `permissions` was removed.
	 */
	bool entry_expired;
	bool constant; /* see tree_constant() */
	bool holds_scratch;
	bool above_token; /* see tree_above_token() */
	/* The file shows the token's secret, in this form; exists only while this mount has it. */
	enum secret_form secret;
};

static const struct row rows[TREE_KINDS] = {
	[TREE_ROOT] = {"", TREE_ROOT, DIR, .children = list_organizations,
		       .find = find_organization, .above_token = true},
	[TREE_STATE] = {".pscalefs", TREE_ROOT, DIR},
	[TREE_STATUS] = {"status", TREE_STATE, FILE_R, show_status, .attr = ATTR_LATER_EXPIRED},
	[TREE_ERRORS] = {"errors", TREE_STATE, FILE_R, show_errors, .attr = ATTR_LATER_EXPIRED},
	[TREE_SCOPES] = {"scopes", TREE_STATE, DIR},
	[TREE_SCOPES_ORGANIZATION] = {"organization", TREE_SCOPES, FILE_R, show_scopes_organization,
				      .constant = true},
	[TREE_SCOPES_DATABASE] = {"database", TREE_SCOPES, FILE_R, show_scopes_database,
				  .constant = true},
	[TREE_REFRESH] = {"refresh", TREE_STATE, FILE_W, show_nothing, .write = WRITE_REFRESH},

	[TREE_ORGANIZATION] = {NULL, TREE_ROOT, DIR, .above_token = true},
	[TREE_ORGANIZATION_INFO] = {"info.json", TREE_ORGANIZATION, FILE_R, show_organization_info},
	[TREE_AUDIT_LOG] = {"audit-log", TREE_ORGANIZATION, FILE_R, show_audit_log,
			    .size = size_audit_log, .attr = ATTR_EXPIRED, .write = WRITE_LOG},
	[TREE_CREATE_TOKEN] = {"create-token", TREE_ORGANIZATION, FILE_W, show_nothing,
			       .write = WRITE_CREATE_TOKEN},
	[TREE_DATABASES] = {"databases", TREE_ORGANIZATION, DIR, .children = list_databases,
			    .find = find_database},
	[TREE_DATABASE] = {NULL, TREE_DATABASES, DIR},
	[TREE_DATABASE_INFO] = {"info.json", TREE_DATABASE, FILE_R, show_database_info},
	[TREE_DATABASE_ID] = {"id", TREE_DATABASE, FILE_R, show_database_id, .constant = true},
	[TREE_DATABASE_KIND] = {"kind", TREE_DATABASE, FILE_R, show_member, "kind"},
	[TREE_DATABASE_REGION] = {"region", TREE_DATABASE, FILE_R, show_database_region},
	[TREE_DATABASE_STATE] = {"state", TREE_DATABASE, FILE_R, show_member, "state"},
	[TREE_DATABASE_CREATED_AT] = {"created_at", TREE_DATABASE, FILE_R, show_database_created_at,
				      .constant = true},
	[TREE_DATABASE_ACCESS] = {"access", TREE_DATABASE, FILE_R, show_database_access,
				  .attr = ATTR_LATER},
	[TREE_DATABASE_TOKENS] = {"service-tokens", TREE_DATABASE, DIR,
				  .children = list_token_links, .find = find_token_link},
	[TREE_DATABASE_TOKEN] = {NULL, TREE_DATABASE_TOKENS, LINK, show_token_link,
				 .entry_expired = true},
	[TREE_BY_ID] = {"by-id", TREE_ORGANIZATION, DIR, .children = list_id_links,
			.find = find_id_link, .stamp = stamp_tokens},
	[TREE_BY_ID_TOKEN] = {NULL, TREE_BY_ID, LINK, show_by_id_link, .entry_expired = true},

	[TREE_TOKENS] = {"service-tokens", TREE_ORGANIZATION, DIR, .children = list_tokens,
			 .find = find_token, .stamp = stamp_tokens, .above_token = true},
	[TREE_TOKEN] = {NULL, TREE_TOKENS, DIR, .holds_scratch = true},
	[TREE_TOKEN_ID] = {"id", TREE_TOKEN, FILE_R, show_token_id, .constant = true},
	[TREE_TOKEN_NAME] = {"name", TREE_TOKEN, FILE_R, show_token_name},
	[TREE_TOKEN_CREATED_AT] = {"created_at", TREE_TOKEN, FILE_R, show_token_created_at,
				   .constant = true},
	[TREE_TOKEN_CREATED_BY] = {"created_by", TREE_TOKEN, FILE_R, show_token_created_by,
				   .constant = true},
	[TREE_TOKEN_EXPIRES_AT] = {"expires_at", TREE_TOKEN, FILE_R, show_token_expires_at,
				   .constant = true},
	[TREE_TOKEN_LAST_USED_AT] = {"last_used_at", TREE_TOKEN, FILE_R, show_token_last_used_at},
	[TREE_TOKEN_INFO] = {"info.json", TREE_TOKEN, FILE_R, show_token_info, .attr = ATTR_LATER},
	/* `token` is the last of the three: rm -r removes them in this order, and removing `token`
	   drops the secret. */
	[TREE_TOKEN_ENV] = {"env", TREE_TOKEN, FILE_R, show_token_env, .secret = SECRET_ENV,
			    .entry_expired = true},
	[TREE_TOKEN_HEADER] = {"header", TREE_TOKEN, FILE_R, show_token_header,
			       .secret = SECRET_HEADER, .entry_expired = true},
	[TREE_TOKEN_SECRET] = {"token", TREE_TOKEN, FILE_R, show_token_secret,
			       .secret = SECRET_TOKEN, .entry_expired = true},
	[TREE_PERMISSIONS] = {"permissions", TREE_TOKEN, FILE_W, show_permissions,
			      .attr = ATTR_LATER, .write = WRITE_PERMISSIONS},
	[TREE_TOKEN_DATABASES] = {"databases", TREE_TOKEN, DIR, .children = list_token_databases,
				  .find = find_token_database},
	[TREE_TOKEN_DATABASE] = {NULL, TREE_TOKEN_DATABASES, DIR, .holds_scratch = true},
	[TREE_DATABASE_PERMISSIONS] = {"permissions", TREE_TOKEN_DATABASE, FILE_W, show_permissions,
				       .attr = ATTR_LATER, .write = WRITE_PERMISSIONS},
	[TREE_SCRATCH] = {NULL, TREE_TOKEN, FILE_W, show_scratch, .attr = ATTR_EXPIRED,
			  .write = WRITE_SCRATCH, .entry_expired = true},
};

const char *tree_name(enum tree_kind kind)
{
	return rows[kind].name;
}

enum tree_kind tree_parent(enum tree_kind kind)
{
	return rows[kind].parent;
}

const char *tree_member(enum tree_kind kind)
{
	return rows[kind].member;
}

mode_t tree_mode(enum tree_kind kind)
{
	return rows[kind].mode;
}

enum tree_write tree_write(enum tree_kind kind)
{
	return rows[kind].write;
}

bool tree_is_permissions(enum tree_kind kind)
{
	return rows[kind].write == WRITE_PERMISSIONS;
}

bool tree_is_log(enum tree_kind kind)
{
	return rows[kind].write == WRITE_LOG;
}

bool tree_is_scratch(enum tree_kind kind)
{
	return rows[kind].write == WRITE_SCRATCH;
}

bool tree_holds_scratch(enum tree_kind kind)
{
	return rows[kind].holds_scratch;
}

bool tree_keeps_attr(enum tree_kind kind)
{
	return rows[kind].attr == ATTR_KEPT || rows[kind].attr == ATTR_LATER;
}

bool tree_keeps_entry(enum tree_kind kind)
{
	return !rows[kind].entry_expired;
}

bool tree_is_named(enum tree_kind kind, bool database)
{
	return database ? kind == TREE_DATABASE || kind == TREE_TOKEN_DATABASE
			: kind == TREE_ORGANIZATION;
}

bool tree_attr_later(enum tree_kind kind)
{
	return rows[kind].attr == ATTR_LATER || rows[kind].attr == ATTR_LATER_EXPIRED;
}

struct inode_key tree_permissions(const struct target *target)
{
	return (struct inode_key){
		.kind = target->database_id == NULL ? TREE_PERMISSIONS : TREE_DATABASE_PERMISSIONS,
		.target = *target,
	};
}

bool tree_constant(enum tree_kind kind)
{
	return rows[kind].constant;
}

enum secret_form tree_secret(enum tree_kind kind)
{
	return rows[kind].secret;
}

static bool lies_below(enum tree_kind kind, enum tree_kind ancestor)
{
	while (kind != TREE_ROOT && rows[kind].parent != ancestor)
		kind = rows[kind].parent;
	return kind != TREE_ROOT;
}

bool tree_in_token(enum tree_kind kind)
{
	return lies_below(kind, TREE_TOKEN);
}

bool tree_of_token(enum tree_kind kind)
{
	return kind == TREE_TOKEN || tree_in_token(kind);
}

bool tree_above_token(enum tree_kind kind)
{
	return rows[kind].above_token;
}

/* --- the objects of a key --------------------------------------------------------------------- */

static int object_gone(struct waiter *w, const char *what)
{
	error_set(&w->error, ESTALE, "the %s is gone", what);
	error_hint(&w->error, "it was deleted in the meantime");
	return -ESTALE;
}

static int resolve_database(struct waiter *w, struct tree_objects *v)
{
	int r = resource_need(&v->organization->databases, w);

	if (r == 0)
		v->database = model_database(v->organization, v->key.target.database_id);
	return r != 0 ? r : v->database == NULL ? object_gone(w, "database") : 0;
}

/*
 * A database in a token's directory: normally one of the list, which all tokens share. A database
 * that a grant names exists here even if it is not in the list, or the list cannot be fetched.
 */
static int resolve_token_database(struct waiter *w, struct tree_objects *v)
{
	int r = resolve_database(w, v);

	if (r == 0 || r == WAIT)
		return r;
	struct error why = w->error;
	int again = resource_need(&v->token->grants, w);
	if (again != 0)
		return again;
	if (model_grant(v->token, v->key.target.database_id) != NULL)
		return 0;
	w->error = why;
	return r;
}

int tree_resolve(struct tree *t, struct waiter *w, const struct inode_key *p,
		 struct tree_objects *v)
{
	int r;

	*v = (struct tree_objects){.key = *p};
	if (p->target.organization_id == NULL)
		return 0;
	r = resource_need(&t->model->organizations, w);
	if (r != 0)
		return r;
	v->organization = model_organization(t->model, p->target.organization_id);
	if (v->organization == NULL)
		return object_gone(w, "organization");
	if (p->target.token_id == NULL)
		return p->target.database_id == NULL ? 0 : resolve_database(w, v);
	r = resource_need(&v->organization->tokens, w);
	if (r != 0)
		return r;
	v->token = model_token(v->organization, p->target.token_id);
	if (v->token == NULL)
		return object_gone(w, "service token");
	if (p->kind == TREE_SCRATCH) {
		v->scratch = scratch_find(t->scratches, p);
		return v->scratch == NULL ? object_gone(w, "temporary file") : 0;
	}
	if (p->target.database_id == NULL)
		return 0;
	return lies_below(p->kind, TREE_DATABASES) ? resolve_database(w, v)
						   : resolve_token_database(w, v);
}

/* --- using the table -------------------------------------------------------------------------- */

static bool present(const struct tree *t, enum tree_kind kind, const char *token_id)
{
	enum secret_form form = rows[kind].secret;

	return form == 0 || model_shows_secret(t->model, token_id, form);
}

static struct inode_key child_key(const struct inode_key *dir, enum tree_kind kind)
{
	return (struct inode_key){.kind = kind, .target = dir->target};
}

struct inode_key tree_scratch(const struct inode_key *p, const char *name)
{
	struct inode_key scratch = child_key(p, TREE_SCRATCH);

	scratch.name = name;
	return scratch;
}

int tree_child(struct tree *t, struct waiter *w, const struct inode_key *dir, const char *name,
	       struct inode_key *out)
{
	struct tree_objects v;

	for (enum tree_kind k = 1; k < TREE_KINDS; k++) {
		if (rows[k].parent != dir->kind || !str_eq(rows[k].name, name))
			continue;
		*out = child_key(dir, k);
		return present(t, k, dir->target.token_id) ? 0 : -ENOENT;
	}
	if (rows[dir->kind].holds_scratch) {
		*out = tree_scratch(dir, name);
		return scratch_find(t->scratches, out) != NULL ? 0 : -ENOENT;
	}
	/* Names of PlanetScale's objects never begin with a dot here (names.h), so the hidden files
	 * that tools look for cause no request. */
	if (rows[dir->kind].find == NULL || name[0] == '.')
		return -ENOENT;
	int r = tree_resolve(t, w, dir, &v);
	return r != 0 ? r : rows[dir->kind].find(t, w, &v, name, out);
}

static void emit_scratch(struct tree *t, const struct inode_key *dir, tree_emit *emit, void *ctx)
{
	list_for_each(pos, &t->scratches->files) {
		const struct scratch *f = container_of(pos, struct scratch, link);
		struct inode_key p = tree_scratch(dir, f->name);
		if (target_equal(&f->directory, &dir->target))
			emit(ctx, f->name, f->mode, inode_number(&p));
	}
}

int tree_children(struct tree *t, struct waiter *w, const struct inode_key *dir, uint64_t *stamp,
		  tree_emit *emit, void *ctx)
{
	uint64_t known = *stamp;
	struct tree_objects v;
	int r = tree_resolve(t, w, dir, &v);

	*stamp = 0;
	if (r == 0 && rows[dir->kind].stamp != NULL)
		r = rows[dir->kind].stamp(w, &v, stamp);
	if (r != 0 || (*stamp != 0 && *stamp == known))
		return r;
	if (rows[dir->kind].children != NULL) {
		r = rows[dir->kind].children(t, w, &v, emit, ctx);
		if (r != 0)
			return r;
	}
	for (enum tree_kind k = 1; k < TREE_KINDS; k++) {
		struct inode_key p = child_key(dir, k);
		if (rows[k].parent == dir->kind && rows[k].name != NULL &&
		    present(t, k, dir->target.token_id))
			emit(ctx, rows[k].name, rows[k].mode, inode_number(&p));
	}
	if (rows[dir->kind].holds_scratch)
		emit_scratch(t, dir, emit, ctx);
	return 0;
}

int tree_show(struct tree *t, struct waiter *w, const struct inode_key *p, struct buf *out)
{
	struct tree_objects v;
	int r = tree_resolve(t, w, p, &v);

	return r != 0 ? r : rows[p->kind].show(t, w, &v, out);
}

/* --- attributes ------------------------------------------------------------------------------- */

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static int64_t parse_ns(const char *iso8601, int64_t fallback_ns)
{
	int64_t s = time_parse(iso8601);

	return s < 0 ? fallback_ns : s * 1000000000;
}

/* When the content last changed, as far as PlanetScale or this mount knows; and when it was last
 * used. */
static void times(struct tree *t, const struct tree_objects *v, int64_t *mtime, int64_t *atime)
{
	*mtime = model_time_seen(t->model, &t->model->born_ns, 0);
	if (v->scratch != NULL)
		*mtime = model_time_seen(t->model, &v->scratch->mtime_ns, 0);
	else if (v->token != NULL)
		*mtime = parse_ns(token_record_text(&v->token->r, TOKEN_CREATED_AT), *mtime);
	else if (v->database != NULL)
		*mtime = parse_ns(v->database->r.updated_at,
				  parse_ns(v->database->r.created_at, *mtime));
	else if (v->key.kind == TREE_TOKENS || v->key.kind == TREE_BY_ID)
		*mtime = model_time_seen(t->model, &v->organization->tokens_mtime_ns,
					 parse_ns(v->organization->r.created_at, 0));
	else if (tree_is_log(v->key.kind) && v->organization->audit_log.mtime_ns > 0)
		*mtime = v->organization->audit_log.mtime_ns;
	else if (v->organization != NULL)
		*mtime = parse_ns(v->organization->r.updated_at,
				  parse_ns(v->organization->r.created_at, *mtime));
	else if (v->key.kind == TREE_ERRORS && t->error_log->changed_ns > *mtime)
		*mtime = model_time_seen(t->model, &t->error_log->changed_ns, 0);
	*atime = *mtime;
	if (v->token != NULL && v->scratch == NULL)
		*atime = parse_ns(token_record_text(&v->token->r, TOKEN_LAST_USED_AT), *mtime);
	if (tree_is_permissions(v->key.kind))
		*mtime = model_mtime_ns(v->token, v->key.target.database_id);
}

void tree_attr_unread(const struct inode_key *p, struct stat *st)
{
	*st = (struct stat){
		.st_ino = inode_number(p),
		.st_mode = rows[p->kind].mode,
		.st_nlink = 1,
		.st_uid = getuid(),
		.st_gid = getgid(),
		.st_blksize = 4096,
	};
}

void tree_times(struct tree *t, const struct tree_objects *v, struct stat *st)
{
	int64_t mtime, atime;

	times(t, v, &mtime, &atime);
	st->st_mtim = to_timespec(mtime);
	st->st_ctim = st->st_mtim;
	st->st_atim = to_timespec(atime);
}

int tree_attr(struct tree *t, struct waiter *w, const struct inode_key *p, struct stat *st)
{
	const struct row *row = &rows[p->kind];
	struct tree_objects v;
	int r = tree_resolve(t, w, p, &v);

	if (r != 0)
		return r;
	tree_attr_unread(p, st);
	if (v.scratch != NULL)
		st->st_mode = v.scratch->mode;
	if (row->size != NULL) {
		st->st_size = (off_t)row->size(&v);
	} else if (row->show != NULL) {
		struct buf text = BUF_INIT;
		r = row->show(t, w, &v, &text);
		st->st_size = (off_t)text.len;
		buf_wipe(&text);
		if (r != 0)
			return r;
	}
	tree_times(t, &v, st);
	st->st_blocks = (st->st_size + 511) / 512;
	return 0;
}

/* --- paths for messages ----------------------------------------------------------------------- */

static const char *dynamic_name(struct tree *t, const struct inode_key *p)
{
	const struct organization *o =
		p->target.organization_id == NULL
			? NULL
			: model_organization(t->model, p->target.organization_id);
	const struct token *token =
		o == NULL || p->target.token_id == NULL ? NULL : model_token(o, p->target.token_id);
	const struct database *d = o == NULL || p->target.database_id == NULL
					   ? NULL
					   : model_database(o, p->target.database_id);
	const struct grant *g = token == NULL || p->target.database_id == NULL
					? NULL
					: model_grant(token, p->target.database_id);

	switch ((int)p->kind) {
	case TREE_ORGANIZATION:
		return o != NULL ? o->file_name : p->target.organization_id;
	case TREE_DATABASE:
	case TREE_TOKEN_DATABASE:
		return d != NULL ? d->file_name : g != NULL ? g->on->name : p->target.database_id;
	case TREE_BY_ID_TOKEN:
		return p->target.token_id;
	case TREE_SCRATCH:
		return p->name;
	default:
		return token != NULL ? token->file_name : p->target.token_id;
	}
}

void tree_path(struct tree *t, const struct inode_key *p, struct buf *out)
{
	struct inode_key parent = *p;

	if (p->kind == TREE_ROOT) {
		if (out->len == 0)
			buf_addc(out, '/');
		return;
	}
	parent.kind = p->kind == TREE_SCRATCH && p->target.database_id != NULL
			      ? TREE_TOKEN_DATABASE
			      : rows[p->kind].parent;
	if (parent.kind != TREE_ROOT)
		tree_path(t, &parent, out);
	buf_addf(out, "/%s", rows[p->kind].name != NULL ? rows[p->kind].name : dynamic_name(t, p));
}

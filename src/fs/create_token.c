/* SPDX-License-Identifier: MIT */
/*
 * create_token: create tokens, by mkdir and by writing a line to create-token.
 */
#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "fs/fs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cache/names.h"
#include "fs/fs_internal.h"
#include "system/process.h"

#define LINE_MAX_BYTES 4096

/*
 * 0 if no token has this name, WAIT, or -EEXIST. Checks a list that was requested after the op
 * arrived, because PlanetScale itself allows two tokens of the same name.
 */
static int check_free(struct op *op, struct organization *o, const char *name)
{
	int r = resource_need_since(&o->tokens, &op->waiter, op->waiter.arrived);

	if (r != 0)
		return r;
	for (size_t i = 0; i < o->n_tokens; i++)
		if (str_eq(o->token[i]->r.name, name))
			return -EEXIST;
	return 0;
}

static struct organization *directory_organization(struct op *op, int *r)
{
	struct fs *fs = fs_of(op);
	struct node *n = fs_node(op, r);
	struct tree_objects v;

	if (n == NULL)
		return NULL;
	const struct inode_key key = fs_key(fs, n);
	*r = tree_resolve(&fs->tree, &op->waiter, &key, &v);
	return *r == 0 ? v.organization : NULL;
}

/* --- mkdir ------------------------------------------------------------------------------------ */

/* The reply may not wait, so the attributes are of the kind alone; they expire at once. */
static void mkdir_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct fs *fs = fs_of(op);
	struct node *dir = node_find(&fs->nodes, op->node);
	struct op_entry entry = {0};

	if (op_finished(op, e))
		return;
	if (dir == NULL) { /* impossible: the kernel holds the directory during a mkdir */
		const struct error lost = {.err = ESTALE};
		op_reply_error(op, &lost);
		return;
	}
	struct inode_key p = fs_key(fs, dir);
	p.kind = TREE_TOKEN;
	p.target.token_id = outcome->made_id;
	fs_entry_unread(op, &p, &entry);
	fs_reply_entry(op, &entry);
}

int fs_mkdir(struct op *op)
{
	struct fs *fs = fs_of(op);
	struct buf name = BUF_INIT;
	int r;
	struct node *dir = fs_node(op, &r);

	if (dir == NULL)
		return r;
	if (dir->kind != TREE_TOKENS)
		return fs_refuse(op, EPERM,
				 "mkdir creates service tokens, and only in service-tokens/");
	r = name_decode(op->name, &name);
	if (r != 0) {
		buf_finish(&name);
		return fs_refuse(op, -r, "a token cannot have this name: %s",
				 op->name[0] == '.'   ? "the name begins with a dot"
				 : r == -ENAMETOOLONG ? "the name has over 255 bytes"
						      : "the name is not valid UTF-8, or has an "
							"escape (%XX) that is not needed");
	}
	struct organization *o = directory_organization(op, &r);
	if (o != NULL)
		r = check_free(op, o, buf_str(&name));
	if (o != NULL && r == 0) {
		op_commit(op, mkdir_done);
		op->job = store_create_token(fs->store, o->r.id, buf_str(&name), fs->ttl_s, op_done,
					     op);
	}
	buf_finish(&name);
	return r;
}

/* --- create-token ----------------------------------------------------------------------------- */

struct creation {
	struct file *file; /* held */
	size_t size;       /* how many bytes of the write belong to this line; 0: flush */
};

static void create_done(struct op *op, const struct store_outcome *outcome)
{
	const struct error *e = outcome->error;
	struct creation *c = op->creation;
	size_t size = c->size;

	file_release(c->file);
	free(c);
	if (op_detached(op))
		return;
	if (e != NULL)
		op_reply_error(op, e);
	else if (size > 0)
		op_reply_written(op, size);
	else
		op_reply_ok(op);
}

/* Create the token of one line: 0 (committed), WAIT, -errno. `size`: see struct creation. */
static int create_line(struct op *op, struct file *f, const char *line, size_t len, size_t size)
{
	struct fs *fs = fs_of(op);
	struct token_request request = {0};
	struct organization *o = NULL;
	int r = grammar_token_request(line, len, &request, &op->waiter.error);

	if (r == 0)
		o = directory_organization(op, &r);
	if (r == 0)
		r = check_free(op, o, request.name);
	if (r == -EEXIST)
		fs_refuse(op, EEXIST, "there is a token of this name");
	if (r == 0) {
		struct creation *c = xmalloc(sizeof(*c));
		*c = (struct creation){f, size};
		file_hold(f);
		buf_clear(&f->line);
		op->creation = c;
		op_commit(op, create_done);
		op->job = store_create_token(fs->store, o->r.id, request.name,
					     request.ttl_s > 0 ? request.ttl_s : fs->ttl_s, op_done,
					     op);
	} else if (r != WAIT) {
		buf_clear(&f->line);
	}
	free(request.name);
	return r;
}

static bool blank_line(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t\r\n", s[i]) == NULL)
			return false;
	return true;
}

/* Each write takes one line. The reply is a short count if there are more: the caller then writes
 * the rest again, as write(2) requires. */
int fs_write_create_token(struct op *op, struct file *f)
{
	const char *data = buf_str(&op->data);
	const char *end = op->data.len == 0 ? NULL : memchr(data, '\n', op->data.len);
	size_t size = end == NULL ? op->data.len : (size_t)(end - data) + 1;
	struct buf line = BUF_INIT;

	if (fs_check_seen(op) != 0) { /* another process opened the file and passed it on */
		buf_clear(&f->line);
		return -EPERM;
	}
	f->line_writer = process_group(op->pid);
	if (f->line_refused || f->line.len + size > LINE_MAX_BYTES) {
		buf_clear(&f->line); /* so that close creates no token from half a line */
		f->line_refused = true;
		return fs_refuse(op, EFBIG, "a line of create-token has at most %d bytes",
				 LINE_MAX_BYTES);
	}
	if (end == NULL) {
		buf_add(&f->line, data, size);
		op_reply_written(op, size);
		return 0;
	}
	buf_add(&line, buf_str(&f->line), f->line.len);
	buf_add(&line, data, size);
	int r = 0;
	if (blank_line(line.data, line.len)) {
		buf_clear(&f->line);
		op_reply_written(op, size);
	} else {
		r = create_line(op, f, line.data, line.len, size);
	}
	buf_finish(&line);
	return r;
}

/* May a close by this process complete the last line? The opener's may; if the opener has ended,
 * also that of the process that wrote the line. */
static bool may_complete(const struct file *f, pid_t closer)
{
	struct process opener;

	return closer == f->opener ||
	       (closer == f->line_writer && process_read(f->opener, &opener) != 0);
}

/* Completes a last line that has no newline. If its writer was killed, no token is created from
 * it. */
int fs_flush_create_token(struct op *op, struct file *f)
{
	if (!f->writable) {
		op_reply_ok(op);
		return 0;
	}
	enum process_end end = process_end(op->pid);
	if (end == PROCESS_END_UNSEEN && f->line.len > 0) {
		buf_clear(&f->line);
		return fs_refuse(op, ECANCELED,
				 "it cannot be seen whether its writer was killed: "
				 "no token is created from a line without a newline");
	}
	if (end != PROCESS_LIVES)
		buf_clear(&f->line);
	if (blank_line(buf_str(&f->line), f->line.len) ||
	    !may_complete(f, process_group(op->pid))) {
		op_reply_ok(op);
		return 0;
	}
	struct buf line = BUF_INIT;
	buf_add(&line, f->line.data, f->line.len);
	int r = create_line(op, f, line.data, line.len, 0);
	buf_finish(&line);
	return r;
}

/* An unfinished line creates no token at release: no caller is left to read the token's secret, or
 * to get an error. */
void fs_release_create_token(struct file *f)
{
	const struct inode_key key = file_key(f);
	struct error e;

	if (!f->writable || blank_line(buf_str(&f->line), f->line.len))
		return;
	error_set(&e, ECANCELED,
		  "the last line had no newline when the file was closed: no "
		  "token was created");
	error_hint(&e, "end the line with a newline");
	fs_record_close(f->fs, &key, &e);
}

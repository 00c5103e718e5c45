/* SPDX-License-Identifier: MIT */
#include "tree/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"

void scratches_init(struct scratches *s)
{
	list_init(&s->files);
	s->n = 0;
}

void scratches_finish(struct scratches *s)
{
	list_for_each(pos, &s->files)
		scratch_unlink(s, container_of(pos, struct scratch, link));
}

struct scratch *scratch_find(const struct scratches *s, const struct inode_key *p)
{
	list_for_each(pos, &s->files) {
		struct scratch *f = container_of(pos, struct scratch, link);
		if (strcmp(f->name, p->name) == 0 && target_equal(&f->directory, &p->target))
			return f;
	}
	return NULL;
}

struct scratch *scratch_of_misnamed(const struct scratches *s, uint64_t node)
{
	list_for_each(pos, &s->files) {
		struct scratch *f = container_of(pos, struct scratch, link);
		if (f->misnamed == node)
			return f;
	}
	return NULL;
}

int scratch_add(struct scratches *s, const struct inode_key *p, mode_t mode, const char *target,
		int64_t now_ns, struct scratch **out, struct error *e)
{
	if (s->n >= SCRATCH_MAX_FILES)
		return error_set(e, ENOSPC, "this mount holds at most %d temporary files",
				 SCRATCH_MAX_FILES);
	struct scratch *f = xcalloc(1, sizeof(*f));
	f->directory = target_copy(&p->target);
	f->name = xstrdup(p->name);
	f->target = xstrdup(target);
	f->mode = mode;
	f->mtime_ns = now_ns;
	f->refs = 1;
	list_append(&s->files, &f->link);
	s->n++;
	*out = f;
	return 0;
}

static int scratch_too_big(struct error *e)
{
	return error_set(e, EFBIG, "a temporary file here holds at most %d bytes",
			 SCRATCH_MAX_BYTES);
}

int scratch_write(struct scratch *f, uint64_t offset, const char *data, size_t size, int64_t now_ns,
		  struct error *e)
{
	if (offset > SCRATCH_MAX_BYTES || size > SCRATCH_MAX_BYTES - offset)
		return scratch_too_big(e);
	buf_write_at(&f->text, offset, data, size);
	f->mtime_ns = now_ns;
	return 0;
}

int scratch_truncate(struct scratch *f, uint64_t size, int64_t now_ns, struct error *e)
{
	if (size > SCRATCH_MAX_BYTES)
		return scratch_too_big(e);
	buf_resize(&f->text, size);
	f->mtime_ns = now_ns;
	return 0;
}

void scratch_rename(struct scratches *s, struct scratch *f, const char *name)
{
	struct inode_key p = {.target = f->directory, .name = name};
	struct scratch *there = scratch_find(s, &p);

	if (there == f)
		return;
	if (there != NULL)
		scratch_unlink(s, there);
	char *copy = xstrdup(name);
	free(f->name);
	f->name = copy;
}

void scratch_unlink(struct scratches *s, struct scratch *f)
{
	if (list_empty(&f->link))
		return;
	list_remove(&f->link);
	s->n--;
	scratch_release(f);
}

void scratch_unlink_all(struct scratches *s, const char *token_id, const char *database_id)
{
	list_for_each(pos, &s->files) {
		struct scratch *f = container_of(pos, struct scratch, link);
		if (str_eq(f->directory.token_id, token_id) &&
		    (database_id == NULL || str_eq(f->directory.database_id, database_id)))
			scratch_unlink(s, f);
	}
}

void scratch_hold(struct scratch *f)
{
	f->refs++;
}

void scratch_release(struct scratch *f)
{
	if (--f->refs > 0)
		return;
	buf_finish(&f->text);
	target_finish(&f->directory);
	free(f->name);
	free(f->target);
	free(f);
}

#include "draft.h"

#include <errno.h>
#include <string.h>

void draft_init(struct draft *d, enum draft_mode mode, const struct buf *committed)
{
	*d = (struct draft){.mode = mode};
	if (mode != DRAFT_REPLACE)
		buf_add(&d->text, buf_str(committed), committed->len);
	d->judged = d->text.len;
	/* Truncation is a modification, but alone it counts only when the file is released. */
	d->modified = mode == DRAFT_REPLACE;
}

void draft_finish(struct draft *d)
{
	buf_finish(&d->text);
	scopes_finish(&d->confirmed);
}

static void modify(struct draft *d, uint64_t stamp)
{
	d->modified = true;
	d->closed = false;
	d->written = stamp;
}

static int too_big(struct error *e)
{
	return error_set(e, EFBIG, "a permissions file holds at most %d bytes", DRAFT_MAX_BYTES);
}

int draft_write(struct draft *d, uint64_t offset, const char *data, size_t size, uint64_t stamp,
		struct error *e)
{
	if (d->mode == DRAFT_APPEND)
		offset = d->text.len;
	if (offset > DRAFT_MAX_BYTES || size > DRAFT_MAX_BYTES - offset)
		return too_big(e);
	if (d->mode == DRAFT_REPLACE && offset != d->text.len)
		d->mode = DRAFT_OVERWRITE;
	if (offset + size > d->text.len)
		buf_resize(&d->text, offset + size);
	if (size > 0)
		memcpy(d->text.data + offset, data, size);
	modify(d, stamp);
	return 0;
}

int draft_truncate(struct draft *d, uint64_t size, uint64_t stamp, struct error *e)
{
	if (size > DRAFT_MAX_BYTES)
		return too_big(e);
	if (size == 0) {
		d->mode = DRAFT_REPLACE;
		d->judged = 0;
	} else if (size != d->text.len) {
		d->mode = DRAFT_OVERWRITE;
	}
	buf_resize(&d->text, size);
	modify(d, stamp);
	return 0;
}

/* Where the complete lines end. */
static size_t lines_end(const struct draft *d)
{
	const char *last = d->text.len == 0 ? NULL : memrchr(d->text.data, '\n', d->text.len);

	return last == NULL ? 0 : (size_t)(last - d->text.data) + 1;
}

int draft_lines(const struct draft *d, struct edit *out, struct error *e)
{
	size_t end = lines_end(d);

	if (d->mode == DRAFT_OVERWRITE || end <= d->judged)
		return 0;
	return grammar_parse(d->text.data + d->judged, end - d->judged, out, e);
}

void draft_confirm(struct draft *d, const struct scopes *granted, unsigned revocations)
{
	if (d->revocations != revocations)
		scopes_finish(&d->confirmed);
	d->revocations = revocations;
	scopes_merge(&d->confirmed, granted);
}

void draft_accept(struct draft *d, const struct edit *edit, unsigned revocations)
{
	draft_confirm(d, &edit->grant, revocations);
	scopes_subtract(&d->confirmed, &edit->revoke);
	d->judged = lines_end(d) > d->judged ? lines_end(d) : d->judged;
}

void draft_refuse(struct draft *d, size_t size, const struct error *e)
{
	buf_resize(&d->text, size < d->text.len ? d->text.len - size : 0);
	if (d->judged > d->text.len)
		d->judged = d->text.len;
	if (d->failed.err == 0)
		d->failed = *e;
}

int draft_whole(const struct draft *d, struct edit *out, bool *exact, struct error *e)
{
	const char *text = buf_str(&d->text);
	size_t from = d->mode == DRAFT_APPEND ? d->judged : 0;
	int r = grammar_parse(text + from, d->text.len - from, out, e);

	*exact = false;
	if (r != 0)
		return r;
	if (d->mode == DRAFT_APPEND)
		return 0;
	*exact = !out->sign;
	if (*exact || d->mode == DRAFT_OVERWRITE)
		return 0;
	/* An edit, whose complete lines were done when they were written. */
	edit_finish(out);
	return grammar_parse(text + d->judged, d->text.len - d->judged, out, e);
}

void draft_committed(struct draft *d)
{
	d->modified = false;
	d->judged = d->text.len;
}

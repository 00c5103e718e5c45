/* SPDX-License-Identifier: MIT */
#include "ops_texts.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "base/buf.h"
#include "base/text.h"
#include "base/xmalloc.h"

#define WRITTEN_MAX 64

static struct list texts;
static struct written {
	const void *which;
	struct buf before;
} written[WRITTEN_MAX];
static size_t n_written;

/* --- words ------------------------------------------------------------------------------------ */

void words_read(struct words *w, const char *text, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		const char *s = text + at;
		if (*s == '#') {
			const char *newline = memchr(s, '\n', len - at);
			n = newline == NULL ? len - at : (size_t)(newline - s);
			continue;
		}
		for (n = 0; at + n < len && strchr(" \t\r\n,#", s[n]) == NULL;)
			n++;
		if (n == 0) {
			n = 1;
			continue;
		}
		size_t sign = *s == '+' || *s == '-';
		w->sign |= sign;
		if (scope_valid(s + sign, n - sign))
			scopes_addn(*s == '-' ? &w->minus : &w->plus, s + sign, n - sign);
	}
}

void words_finish(struct words *w)
{
	scopes_finish(&w->plus);
	scopes_finish(&w->minus);
}

/* --- texts ------------------------------------------------------------------------------------ */

void texts_begin(void)
{
	list_init(&texts);
}

static struct written *written_of(const void *which)
{
	for (size_t i = 0; i < n_written; i++)
		if (written[i].which == which)
			return &written[i];
	CHECK(n_written < WRITTEN_MAX);
	written[n_written].which = which;
	return &written[n_written++];
}

void texts_before_write(const void *which, const struct buf *bytes)
{
	struct written *w = written_of(which);

	buf_clear(&w->before);
	buf_add(&w->before, buf_str(bytes), bytes->len);
}

const struct buf *texts_written(const void *which)
{
	return &written_of(which)->before;
}

void texts_end(void)
{
	while (n_written > 0)
		buf_finish(&written[--n_written].before);
	list_for_each(pos, &texts) {
		struct text *t = container_of(pos, struct text, link);
		buf_finish(&t->text);
		scopes_finish(&t->confirmed);
		target_finish(&t->target);
		free(t);
	}
}

bool text_shared(const struct inode_key *p)
{
	bool any = false;

	list_for_each(pos, &texts) {
		struct text *t = container_of(pos, struct text, link);
		if (t->file == 0 || !str_eq(t->target.token_id, p->target.token_id) ||
		    !str_eq(t->target.database_id, p->target.database_id))
			continue;
		t->alone = false;
		any = true;
	}
	return any;
}

struct text *text_new(uint64_t file, const struct inode_key *p)
{
	struct text *t = xcalloc(1, sizeof(*t));

	t->file = file;
	t->target = target_copy(&p->target);
	t->alone = !text_shared(p);
	list_append(&texts, &t->link);
	return t;
}

struct text *text_of(uint64_t file)
{
	list_for_each(pos, &texts) {
		struct text *t = container_of(pos, struct text, link);
		if (file != 0 && t->file == file)
			return t;
	}
	return NULL;
}

static bool of_file(const struct text *t, const char *token_id, const char *database_id)
{
	return str_eq(t->target.token_id, token_id) && str_eq(t->target.database_id, database_id);
}

void text_renewed(const struct inode_key *p)
{
	list_for_each(pos, &texts) {
		struct text *t = container_of(pos, struct text, link);
		if (of_file(t, p->target.token_id, p->target.database_id))
			t->killed = t->open_change = false;
	}
}

bool text_killed(const char *token_id, const char *database_id)
{
	list_for_each(pos, &texts) {
		const struct text *t = container_of(pos, struct text, link);
		if (t->killed && of_file(t, token_id, database_id))
			return true;
	}
	return false;
}

bool text_confirmed(const char *token_id, const char *database_id, const char *scope)
{
	list_for_each(pos, &texts) {
		const struct text *t = container_of(pos, struct text, link);
		if (of_file(t, token_id, database_id) && scopes_has(&t->confirmed, scope))
			return true;
	}
	return false;
}

void text_revoked(const char *token_id, const char *database_id, const char *scope)
{
	struct scopes gone = SCOPES_INIT;

	scopes_add(&gone, scope);
	list_for_each(pos, &texts) {
		struct text *t = container_of(pos, struct text, link);
		if (of_file(t, token_id, database_id))
			scopes_subtract(&t->confirmed, &gone);
	}
	scopes_finish(&gone);
}

static bool any_words(const char *data, size_t size)
{
	struct words w = {.sign = false};

	words_read(&w, data, size);
	bool any = w.plus.n + w.minus.n > 0;
	words_finish(&w);
	return any;
}

bool text_asks(const struct text *t, uint64_t offset, const char *data, size_t size)
{
	const char *first = size == 0 ? NULL : memchr(data, '\n', size);
	const char *last = size == 0 ? NULL : memrchr(data, '\n', size);

	if (first == NULL || !(t->replaces || t->appends))
		return false;
	if (offset == 0 && !t->appends)
		return any_words(data, (size_t)(last - data));
	return any_words(first, (size_t)(last - first));
}

void text_modified(struct text *t, uint64_t began)
{
	t->written = began;
	t->touched = t->modified = t->open_change = true;
	t->closed = false;
}

void text_truncated(struct text *t, uint64_t size, uint64_t began, bool now)
{
	if (size == 0) {
		t->replaces = t->owes = true;
		t->refused = t->dropped = false;
	}
	if (now)
		text_modified(t, began);
	else
		t->modified = false;
}

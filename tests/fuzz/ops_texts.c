#include "ops_texts.h"

#include <stdlib.h>
#include <string.h>

static struct list texts;

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

void texts_end(void)
{
	list_for_each(pos, &texts)
	{
		struct text *t = container_of(pos, struct text, link);
		buf_finish(&t->text);
		scopes_finish(&t->confirmed);
		free(t->organization_id);
		free(t->token_id);
		free(t->database_id);
		free(t);
	}
}

struct text *text_new(uint64_t file, const struct place *p)
{
	struct text *t = xcalloc(1, sizeof(*t));

	t->file = file;
	t->organization_id = xstrdup(p->organization_id);
	t->token_id = xstrdup(p->token_id);
	t->database_id = xstrdup(p->database_id);
	list_append(&texts, &t->link);
	return t;
}

struct text *text_of(uint64_t file)
{
	list_for_each(pos, &texts)
	{
		struct text *t = container_of(pos, struct text, link);
		if (file != 0 && t->file == file)
			return t;
	}
	return NULL;
}

static void resize(struct text *t, size_t len)
{
	buf_resize(&t->text, len);
	if (t->counted > len)
		t->counted = len;
}

static bool asks_for_something(const char *data, size_t size)
{
	const char *end = size == 0 ? NULL : memrchr(data, '\n', size);
	struct words w = {.sign = false};

	if (end == NULL)
		return false;
	words_read(&w, data, (size_t)(end - data));
	bool any = w.plus.n + w.minus.n > 0;
	words_finish(&w);
	return any;
}

bool text_write(struct text *t, uint64_t offset, const char *data, size_t size, bool *must)
{
	struct buf *b = &t->text;

	*must = false;
	if (t->mode == DRAFT_APPEND)
		offset = b->len;
	if (offset > DRAFT_MAX_BYTES || size > DRAFT_MAX_BYTES - offset)
		return false;
	if (t->mode == DRAFT_REPLACE && offset != b->len)
		t->mode = DRAFT_OVERWRITE;
	if (t->mode != DRAFT_OVERWRITE && (b->len == 0 || b->data[b->len - 1] == '\n'))
		*must = asks_for_something(data, size);
	if (offset + size > b->len)
		buf_resize(b, offset + size);
	if (size > 0)
		memcpy(b->data + offset, data, size);
	t->touched = t->modified = t->perhaps_modified = true;
	t->closed = false;
	return true;
}

void text_truncate(struct text *t, uint64_t size)
{
	if (size > DRAFT_MAX_BYTES) {
		t->refused = true;
		return;
	}
	if (size == 0)
		t->mode = DRAFT_REPLACE;
	else if (size != t->text.len)
		t->mode = DRAFT_OVERWRITE;
	resize(t, size);
	t->touched = t->modified = t->perhaps_modified = true;
	t->closed = false;
}

void text_refuse(struct text *t, size_t size)
{
	resize(t, size < t->text.len ? t->text.len - size : 0);
	t->refused = true;
}

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

bool text_shared(const struct place *p)
{
	bool any = false;

	list_for_each(pos, &texts)
	{
		struct text *t = container_of(pos, struct text, link);
		if (t->file == 0 || !str_eq(t->token_id, p->token_id) ||
		    !str_eq(t->database_id, p->database_id))
			continue;
		t->alone = false;
		any = true;
	}
	return any;
}

struct text *text_new(uint64_t file, const struct place *p)
{
	struct text *t = xcalloc(1, sizeof(*t));

	t->file = file;
	t->organization_id = xstrdup(p->organization_id);
	t->token_id = xstrdup(p->token_id);
	t->database_id = xstrdup(p->database_id);
	t->alone = !text_shared(p);
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
	t->touched = t->modified = true;
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

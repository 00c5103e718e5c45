/* SPDX-License-Identifier: MIT */
/*
 * token_record: a service token in little memory, part of record.
 *
 * The texts that differ from token to token follow each other in one block. What is the same in
 * thousands of tokens is the rest of the object: its shape, which is interned.
 */
#include "planetscale/record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

/* The members that they come from. */
static const char *const keys[TOKEN_TEXTS] = {
	[TOKEN_ID] = "id",
	[TOKEN_NAME] = "name",
	[TOKEN_CREATED_AT] = "created_at",
	[TOKEN_UPDATED_AT] = "updated_at",
	[TOKEN_EXPIRES_AT] = "expires_at",
	[TOKEN_LAST_USED_AT] = "last_used_at",
	[TOKEN_CREATED_BY] = "actor_display_name",
};

/* In a shape this byte stands for a text. JSON text has no control characters. */
#define MARK(which) ((char)((which) + 1))
static const char marks[] = "\1\2\3\4\5\6\7";
_Static_assert(sizeof(marks) == TOKEN_TEXTS + 1, "one for each text");

static bool is_in(uint8_t set, unsigned which)
{
	return (set >> which & 1) != 0;
}

/* Where the text is in the block, if it is stored; TOKEN_TEXTS: where the block ends. */
static const char *text_at(const struct token_record *r, unsigned which)
{
	const char *at = r->id;

	for (unsigned i = 0; i < which; i++)
		if (is_in(r->stored, i))
			at += strlen(at) + 1;
	return at;
}

const char *token_record_text(const struct token_record *r, enum token_text which)
{
	unsigned at = which;

	if (!is_in(r->texts, which))
		return NULL;
	while (!is_in(r->stored, at))
		at--;
	return text_at(r, at);
}

void token_record_init(struct token_record *r, const char *const text[TOKEN_TEXTS])
{
	size_t size = 0;

	*r = (struct token_record){0};
	for (unsigned i = 0; i < TOKEN_TEXTS; i++) {
		if (text[i] == NULL)
			continue;
		r->texts |= (uint8_t)(1u << i);
		if (i > 0 && str_eq(text[i - 1], text[i]))
			continue; /* often nothing was changed after the creation */
		r->stored |= (uint8_t)(1u << i);
		size += strlen(text[i]) + 1;
	}
	char *at = xmalloc(size);
	r->id = at;
	for (unsigned i = 0; i < TOKEN_TEXTS; i++)
		if (is_in(r->stored, i))
			at = stpcpy(at, text[i]) + 1;
	r->name = token_record_text(r, TOKEN_NAME);
}

/* Which of the texts the value of this member is, preferably the one that came from such a member; or
 * TOKEN_TEXTS. */
static unsigned text_of(const struct cJSON *member, const char *const text[TOKEN_TEXTS])
{
	const char *value = json_string(member);
	unsigned found = TOKEN_TEXTS;

	if (value == NULL || value[0] == '\0')
		return TOKEN_TEXTS;
	for (unsigned i = 0; i < TOKEN_TEXTS; i++) {
		if (!str_eq(text[i], value))
			continue;
		if (str_eq(json_key(member), keys[i]))
			return i;
		if (found == TOKEN_TEXTS)
			found = i;
	}
	return found;
}

void token_record_read(struct token_record *r, struct cJSON *object)
{
	const char *text[TOKEN_TEXTS];

	for (unsigned i = 0; i < TOKEN_TEXTS; i++)
		text[i] = json_text(object, keys[i]);
	token_record_init(r, text);
	for (unsigned i = 0; i < TOKEN_TEXTS; i++)
		text[i] = token_record_text(r, i); /* those of the tree are about to change */
	for (struct cJSON *m = json_first(object); m != NULL; m = json_next(m)) {
		unsigned which = text_of(m, text);
		if (which < TOKEN_TEXTS)
			json_mark(m, MARK(which));
	}
	cleanup(free_ptr) char *shape = json_print(object);
	r->shape = intern(shape);
}

void token_record_info(const struct token_record *r, struct buf *out)
{
	for (const char *shape = r->shape; shape != NULL && *shape != '\0';) {
		size_t plain = strcspn(shape, marks);
		buf_add(out, shape, plain);
		shape += plain;
		if (*shape != '\0')
			buf_add_json(out, token_record_text(r, (unsigned)(*shape++ - MARK(0))));
	}
}

bool token_record_same_info(const struct token_record *a, const struct token_record *b)
{
	size_t size = (size_t)(text_at(a, TOKEN_TEXTS) - a->id);

	return a->shape == b->shape && a->texts == b->texts && a->stored == b->stored &&
	       size == (size_t)(text_at(b, TOKEN_TEXTS) - b->id) && memcmp(a->id, b->id, size) == 0;
}

void token_record_finish(struct token_record *r)
{
	free((char *)(uintptr_t)r->id);
	intern_release(r->shape);
	grants_finish(&r->grants);
	*r = (struct token_record){0};
}

/* SPDX-License-Identifier: MIT */
#include "base/intern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_table.h"
#include "base/xmalloc.h"

struct interned {
	UT_hash_handle hh; /* the key is `text`, without its terminator */
	size_t users;
	char text[];
};

static struct interned *pool; /* a hash table */

const char *intern_bytes(const char *text, size_t len)
{
	struct interned *found = NULL;

	HASH_FIND(hh, pool, text, len, found);
	if (found == NULL) {
		found = xcalloc(1, sizeof(*found) + len + 1);
		memcpy(found->text, text, len);
		HASH_ADD_KEYPTR(hh, pool, found->text, len, found);
	}
	found->users++;
	return found->text;
}

const char *intern(const char *text)
{
	return text == NULL ? NULL : intern_bytes(text, strlen(text));
}

void intern_release(const char *text)
{
	if (text == NULL)
		return;
	struct interned *i = (struct interned *)((uintptr_t)text - offsetof(struct interned, text));
	if (--i->users > 0)
		return;
	HASH_DEL(pool, i);
	free(i);
}

/* SPDX-License-Identifier: MIT */
#include "base/intern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_table.h"
#include "base/xmalloc.h"

struct interned {
	UT_hash_handle hh; /* the key is `bytes`, without the terminator */
	size_t users;
	_Alignas(void *) char bytes[];
};

static struct interned *pool; /* a hash table */

const void *intern_block(const void *bytes, size_t len)
{
	struct interned *found = NULL;

	HASH_FIND(hh, pool, bytes, len, found);
	if (found == NULL) {
		found = xcalloc(1, sizeof(*found) + len + 1);
		memcpy(found->bytes, bytes, len);
		HASH_ADD_KEYPTR(hh, pool, found->bytes, len, found);
	}
	found->users++;
	return found->bytes;
}

const char *intern_bytes(const char *text, size_t len)
{
	return intern_block(text, len);
}

const char *intern(const char *text)
{
	return text == NULL ? NULL : intern_block(text, strlen(text));
}

static struct interned *block_of(const void *interned)
{
	return (struct interned *)((uintptr_t)interned - offsetof(struct interned, bytes));
}

const void *intern_again(const void *interned)
{
	if (interned != NULL)
		block_of(interned)->users++;
	return interned;
}

void intern_release(const void *interned)
{
	if (interned == NULL)
		return;
	struct interned *i = block_of(interned);
	if (--i->users > 0)
		return;
	HASH_DEL(pool, i);
	free(i);
}

size_t intern_count(void)
{
	return HASH_COUNT(pool);
}

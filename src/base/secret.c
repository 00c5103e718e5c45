/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A mapping for each secret: with guard pages, locked, never in the heap's free lists. */
struct secret {
	size_t len;
	size_t map_bytes;
	bool locked;
	char bytes[];
};

struct secret *secret_new(const char *bytes, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (sizeof(struct secret) + len + page) / page * page;
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	struct secret *s = map;
	s->locked = mlock(map, size) == 0;
	madvise(map, size, MADV_DONTDUMP);
	s->len = len;
	s->map_bytes = size;
	if (len > 0)
		memcpy(s->bytes, bytes, len);
	s->bytes[len] = '\0';
	return s;
}

void secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	size_t size = s->map_bytes;
	secret_wipe(s, size);
	munmap(s, size);
}

const char *secret_expose(const struct secret *s)
{
	return s->bytes;
}

size_t secret_len(const struct secret *s)
{
	return s->len;
}

bool secret_locked(const struct secret *s)
{
	return s->locked;
}

void secret_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}

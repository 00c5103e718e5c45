/* SPDX-License-Identifier: MIT */
#include "base/secret.h"

#include <stdint.h>
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

/* Below this size, asking the kernel costs more than writing. */
#define SPARSE_MIN_BYTES ((size_t)64 << 10)

/* Whole pages. False if the kernel does not tell which of them are there. */
static bool wipe_resident(char *p, size_t len, size_t page)
{
	unsigned char resident[64];

	for (size_t done = 0; done < len;) {
		size_t n = (len - done) / page;
		if (n > sizeof(resident))
			n = sizeof(resident);
		if (mincore(p + done, n * page, resident) != 0)
			return false;
		for (size_t i = 0; i < n; i++)
			if ((resident[i] & 1) != 0)
				secret_wipe(p + done + i * page, page);
		done += n * page;
	}
	return true;
}

void secret_wipe_unused(void *p, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *begin = p, *end = begin + len;
	char *first = begin + (page - (uintptr_t)begin % page) % page;
	char *last = end - (uintptr_t)end % page;

	/* Discarded after that, for a page that is swapped out counts as not there. */
	if (len >= SPARSE_MIN_BYTES && wipe_resident(first, (size_t)(last - first), page) &&
	    madvise(first, (size_t)(last - first), MADV_DONTNEED) == 0) {
		secret_wipe(begin, (size_t)(first - begin));
		secret_wipe(last, (size_t)(end - last));
	} else {
		secret_wipe(p, len);
	}
}

/* SPDX-License-Identifier: MIT */
#include "random.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

#define SECRET_LENGTH 43

void random_init(struct random *random, uint64_t seed)
{
	random->state = seed;
}

/* splitmix64: a counter and a mixing step, enough for names nobody must guess. */
uint64_t random_next(struct random *random)
{
	uint64_t mixed = random->state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
	return mixed ^ (mixed >> 31);
}

unsigned random_below(struct random *random, unsigned limit)
{
	return (unsigned)(random_next(random) % limit);
}

static void fill(struct random *random, const char *alphabet, char *text, size_t length)
{
	unsigned letters = (unsigned)strlen(alphabet);

	for (size_t i = 0; i < length; i++)
		text[i] = alphabet[random_below(random, letters)];
	text[length] = '\0';
}

void random_id(struct random *random, char id[ID_LENGTH + 1])
{
	fill(random, "0123456789abcdefghijklmnopqrstuvwxyz", id, ID_LENGTH);
}

void derived_id(const char *text, char id[ID_LENGTH + 1])
{
	struct random random;
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	random_init(&random, hash);
	random_id(&random, id);
}

char *random_secret(struct random *random, const char *prefix)
{
	char letters[SECRET_LENGTH + 1];

	fill(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", letters,
	     SECRET_LENGTH);
	return xasprintf("%s%s", prefix, letters);
}

/* SPDX-License-Identifier: MIT */
#include "base/slots.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

/* The address sanitizer finds who uses an element that was removed, as if it was malloc's. */
#if ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, size)   ((void)(p), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#endif

#define BITS       64
#define PLACES_MAX (UINT32_MAX / SLOTS_PER_CHUNK)

struct slots_chunk {
	uint64_t used[SLOTS_PER_CHUNK / BITS]; /* a bit for each element */
	uint32_t place;
	uint32_t n;
	_Alignas(uint64_t) char element[];
};

/* --- bits --------------------------------------------------------------------------------------- */

static bool bit_get(const uint64_t *v, size_t i)
{
	return (v[i / BITS] >> (i % BITS) & 1) != 0;
}

static void bit_set(uint64_t *v, size_t i, bool on)
{
	uint64_t mask = UINT64_C(1) << (i % BITS);

	v[i / BITS] = on ? v[i / BITS] | mask : v[i / BITS] & ~mask;
}

/* The first one that is `on`, from `i` to before `n`; `n` if there is none. */
static size_t bit_find(const uint64_t *v, bool on, size_t i, size_t n)
{
	while (i < n) {
		uint64_t word = (on ? v[i / BITS] : ~v[i / BITS]) >> (i % BITS);
		if (word != 0) {
			i += (size_t)__builtin_ctzll(word);
			return i < n ? i : n;
		}
		i += BITS - i % BITS;
	}
	return n;
}

/* --- where an element is ------------------------------------------------------------------------ */

static struct slot *element(const struct slots *s, struct slots_chunk *c, size_t at)
{
	return (struct slot *)(void *)(c->element + at * s->size);
}

static struct slots_chunk *chunk_of(const struct slots *s, const struct slot *e)
{
	uintptr_t first = (uintptr_t)e - e->at * s->size;

	return (struct slots_chunk *)(first - offsetof(struct slots_chunk, element));
}

uint32_t slots_index(const struct slots *s, const struct slot *e)
{
	return chunk_of(s, e)->place * SLOTS_PER_CHUNK + e->at + 1;
}

uint64_t slots_number(const struct slots *s, const struct slot *e)
{
	return (uint64_t)e->generation << 32 | slots_index(s, e);
}

struct slot *slots_at(const struct slots *s, uint32_t index)
{
	return element(s, s->place[(index - 1) / SLOTS_PER_CHUNK].chunk,
		       (index - 1) % SLOTS_PER_CHUNK);
}

struct slot *slots_find(const struct slots *s, uint64_t number)
{
	uint32_t i = (uint32_t)number - 1;

	if ((uint32_t)number == 0 || i / SLOTS_PER_CHUNK >= s->n_places)
		return NULL;
	struct slots_chunk *c = s->place[i / SLOTS_PER_CHUNK].chunk;
	if (c == NULL || !bit_get(c->used, i % SLOTS_PER_CHUNK))
		return NULL;
	struct slot *e = element(s, c, i % SLOTS_PER_CHUNK);
	return e->generation == number >> 32 ? e : NULL;
}

/* The first one from there on. */
static struct slot *slot_from(const struct slots *s, size_t place, size_t at)
{
	for (; place < s->n_places; place++, at = 0) {
		struct slots_chunk *c = s->place[place].chunk;
		if (c != NULL)
			at = bit_find(c->used, true, at, SLOTS_PER_CHUNK);
		if (c != NULL && at < SLOTS_PER_CHUNK)
			return element(s, c, at);
	}
	return NULL;
}

struct slot *slots_next(const struct slots *s, const struct slot *e)
{
	if (e == NULL)
		return slot_from(s, 0, 0);
	struct slots_chunk *c = chunk_of(s, e);
	size_t at = e->at + 1u;
	/* Mostly its neighbour; to say so halves the time that a million take. */
	if (at < SLOTS_PER_CHUNK && bit_get(c->used, at))
		return element(s, c, at);
	return slot_from(s, c->place, at);
}

/* --- adding and removing ------------------------------------------------------------------------ */

void slots_init(struct slots *s, size_t size)
{
	*s = (struct slots){.size = size};
}

void slots_finish(struct slots *s)
{
	for (size_t i = 0; i < s->n_places; i++)
		free(s->place[i].chunk);
	free(s->place);
	free(s->has_room);
	*s = (struct slots){0};
}

static void add_place(struct slots *s)
{
	if (s->n_places == PLACES_MAX)
		out_of_memory();
	s->place = xgrow(s->place, s->n_places, sizeof(*s->place));
	s->place[s->n_places] = (struct slots_place){0};
	if (s->n_places % BITS == 0) {
		s->has_room = xgrow(s->has_room, s->n_places / BITS, sizeof(*s->has_room));
		s->has_room[s->n_places / BITS] = 0;
	}
	bit_set(s->has_room, s->n_places++, true);
}

/* The first one, so that the last ones become empty sooner. */
static struct slots_chunk *chunk_with_room(struct slots *s)
{
	size_t i = bit_find(s->has_room, true, 0, s->n_places);

	if (i == s->n_places)
		add_place(s);
	struct slots_place *p = &s->place[i];
	if (p->chunk == NULL) {
		p->chunk = xcalloc(1, sizeof(*p->chunk) + SLOTS_PER_CHUNK * s->size);
		p->chunk->place = (uint32_t)i;
		ASAN_POISON_MEMORY_REGION(p->chunk->element, SLOTS_PER_CHUNK * s->size);
	}
	return p->chunk;
}

struct slot *slots_add(struct slots *s)
{
	struct slots_chunk *c = chunk_with_room(s);
	size_t at = bit_find(c->used, false, 0, SLOTS_PER_CHUNK);

	bit_set(c->used, at, true);
	if (++c->n == SLOTS_PER_CHUNK)
		bit_set(s->has_room, c->place, false);
	s->n++;
	struct slot *e = element(s, c, at);
	ASAN_UNPOISON_MEMORY_REGION(e, s->size);
	memset(e, 0, s->size);
	e->at = at & (SLOTS_PER_CHUNK - 1);
	e->generation = s->place[c->place].generation & SLOTS_GENERATION_MAX;
	return e;
}

void slots_remove(struct slots *s, struct slot *e)
{
	struct slots_chunk *c = chunk_of(s, e);
	struct slots_place *p = &s->place[c->place];

	assert(bit_get(c->used, e->at));
	bit_set(c->used, e->at, false);
	if (e->generation == p->generation)
		p->generation++;
	bit_set(s->has_room, c->place, p->generation <= SLOTS_GENERATION_MAX);
	s->n--;
	ASAN_POISON_MEMORY_REGION(e, s->size);
	if (--c->n > 0)
		return;
	p->chunk = NULL;
	free(c);
}

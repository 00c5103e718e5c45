/* SPDX-License-Identifier: MIT */
/* slots and index_table: elements found by index, by number, and by what they contain. */
#include "unit.h"

#include "base/index_table.h"
#include "base/macros.h"
#include "base/slots.h"

struct thing {
	struct slot slot;
	unsigned value, other;
};

static struct slots slots;

static struct thing *add(unsigned value)
{
	struct thing *e = (struct thing *)(void *)slots_add(&slots);

	assert_int_equal(e->slot.next, 0);
	assert_int_equal(e->value, 0);
	assert_int_equal(e->other, 0);
	e->slot.next = value + 1;
	e->value = e->other = value;
	return e;
}

static uint64_t number_of(const struct thing *e)
{
	return slots_number(&slots, &e->slot);
}

static size_t chunks(void)
{
	size_t n = 0;

	for (size_t i = 0; i < slots.n_places; i++)
		n += slots.place[i].chunk != NULL;
	return n;
}

static void an_element_stays_where_it_is(void **state)
{
	static struct thing *e[3 * SLOTS_PER_CHUNK];

	(void)state;
	slots_init(&slots, sizeof(struct thing));
	assert_null(slots_next(&slots, NULL));
	assert_null(slots_find(&slots, 1));
	for (unsigned i = 0; i < ARRAY_LEN(e); i++) {
		e[i] = add(i);
		assert_int_equal(number_of(e[i]), i + 1);
	}
	assert_int_equal(chunks(), 3);
	struct slot *next = NULL;
	for (unsigned i = 0; i < ARRAY_LEN(e); i++) {
		assert_int_equal(e[i]->value, i);
		assert_ptr_equal(slots_at(&slots, slots_index(&slots, &e[i]->slot)), &e[i]->slot);
		assert_ptr_equal(slots_find(&slots, number_of(e[i])), &e[i]->slot);
		next = slots_next(&slots, next);
		assert_ptr_equal(next, &e[i]->slot);
	}
	assert_null(slots_next(&slots, next));
	slots_finish(&slots);
}

static void an_index_is_used_again_and_a_number_is_not(void **state)
{
	(void)state;
	slots_init(&slots, sizeof(struct thing));
	add(0);
	struct thing *e = add(1);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t number = number_of(e);
		uint32_t index = slots_index(&slots, &e->slot);
		slots_remove(&slots, &e->slot);
		assert_null(slots_find(&slots, number));
		e = add(i);
		assert_int_equal(slots_index(&slots, &e->slot), index);
		assert_true(number_of(e) > number);
		assert_null(slots_find(&slots, number));
	}
	assert_int_equal(slots.n, 2);
	slots_finish(&slots);
}

static void an_empty_chunk_is_freed_and_its_numbers_are_not_used_again(void **state)
{
	static struct thing *e[2 * SLOTS_PER_CHUNK];
	static uint64_t number[SLOTS_PER_CHUNK];

	(void)state;
	slots_init(&slots, sizeof(struct thing));
	for (unsigned i = 0; i < ARRAY_LEN(e); i++)
		e[i] = add(i);
	for (size_t i = 0; i < SLOTS_PER_CHUNK; i++) {
		number[i] = number_of(e[i]);
		slots_remove(&slots, &e[i]->slot);
	}
	assert_int_equal(chunks(), 1);
	assert_ptr_equal(slots_next(&slots, NULL), &e[SLOTS_PER_CHUNK]->slot);
	for (size_t i = 0; i < SLOTS_PER_CHUNK; i++)
		assert_null(slots_find(&slots, number[i]));
	for (unsigned i = 0; i < SLOTS_PER_CHUNK; i++) {
		e[i] = add(i);
		assert_int_equal(slots_index(&slots, &e[i]->slot), (uint32_t)number[i]);
		assert_true(number_of(e[i]) > number[i]);
		assert_null(slots_find(&slots, number[i]));
	}
	assert_int_equal(chunks(), 2);
	for (size_t i = 0; i < ARRAY_LEN(e); i++)
		slots_remove(&slots, &e[i]->slot);
	assert_int_equal(chunks(), 0);
	assert_int_equal(slots.n, 0);
	slots_finish(&slots);
}

/* After 16 million elements at one place, which the test does not make. */
static void a_place_is_left_before_its_numbers_repeat(void **state)
{
	(void)state;
	slots_init(&slots, sizeof(struct thing));
	struct thing *stays = add(0), *e = add(1);
	slots.place[0].generation = SLOTS_GENERATION_MAX;
	slots_remove(&slots, &e->slot);
	e = add(2);
	assert_true(number_of(e) == ((uint64_t)SLOTS_GENERATION_MAX << 32 | 2));
	slots_remove(&slots, &e->slot);
	e = add(3);
	assert_int_equal(number_of(e), SLOTS_PER_CHUNK + 1);
	assert_ptr_equal(slots_find(&slots, 1), &stays->slot);
	slots_remove(&slots, &stays->slot);
	assert_int_equal(chunks(), 1);
	struct thing *next = add(4);
	assert_int_equal(number_of(next), SLOTS_PER_CHUNK + 2);
	slots_finish(&slots);
}

/* --- index_table --------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct slot *s)
{
	return ((const struct thing *)(const void *)s)->value / 3; /* each hash three times */
}

static struct slot *find(const struct index_table *t, unsigned value)
{
	struct slot *s = index_table_first(t, value / 3);

	while (s != NULL && ((struct thing *)(void *)s)->value != value)
		s = index_table_next(t, s);
	return s;
}

static void a_table_grows_and_shrinks_and_loses_nobody(void **state)
{
	static struct thing *e[5000];
	struct index_table t;

	(void)state;
	slots_init(&slots, sizeof(struct thing));
	index_table_init(&t, &slots, hash_of);
	size_t first = t.n_buckets;
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < ARRAY_LEN(e); i++) {
			assert_null(find(&t, i));
			e[i] = add(i);
			index_table_add(&t, &e[i]->slot);
			assert_true(t.n <= 2 * t.n_buckets);
		}
		for (unsigned i = 0; i < ARRAY_LEN(e); i++)
			assert_ptr_equal(find(&t, i), &e[i]->slot);
		for (unsigned i = 0; i < ARRAY_LEN(e); i++) {
			unsigned at = i * 7 % ARRAY_LEN(e);
			index_table_remove(&t, &e[at]->slot);
			assert_null(find(&t, at));
			slots_remove(&slots, &e[at]->slot);
			at = (i + 1) * 7 % ARRAY_LEN(e);
			assert_ptr_equal(find(&t, at), i + 1 < ARRAY_LEN(e) ? &e[at]->slot : NULL);
		}
		assert_int_equal(t.n, 0);
		assert_int_equal(t.n_buckets, first);
	}
	index_table_finish(&t);
	slots_finish(&slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_element_stays_where_it_is),
		cmocka_unit_test(an_index_is_used_again_and_a_number_is_not),
		cmocka_unit_test(an_empty_chunk_is_freed_and_its_numbers_are_not_used_again),
		cmocka_unit_test(a_place_is_left_before_its_numbers_repeat),
		cmocka_unit_test(a_table_grows_and_shrinks_and_loses_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

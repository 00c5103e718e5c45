/* SPDX-License-Identifier: MIT */
/* node: between the kernel's numbers and the places of the tree. */
#include "unit.h"

#include "base/macros.h"
#include "tree/node.h"

static struct nodes table;

static struct inode_key token_place(const char *id)
{
	return (struct inode_key){
		.kind = 7, .target.organization_id = "acme", .target.token_id = id};
}

static void setup(void)
{
	static const struct inode_key root = {.kind = 0};

	nodes_init(&table, &root);
}

static struct node *look_up(const char *id)
{
	struct inode_key p = token_place(id);
	struct node *n = node_at(&table, &p);

	node_looked_up(n);
	return n;
}

static uint64_t number_of(const struct node *n)
{
	return node_number(&table, n);
}

static const char *token_of(const struct node *n)
{
	return node_key(&table, n).target.token_id;
}

static void the_root_is_number_1_and_is_never_forgotten(void **state)
{
	(void)state;
	setup();
	assert_ptr_equal(node_find(&table, NODE_ROOT), table.root);
	node_forget(&table, table.root, 100);
	node_hold(table.root);
	node_release(&table, table.root);
	assert_ptr_equal(node_find(&table, NODE_ROOT), table.root);
	nodes_finish(&table);
}

static void a_place_has_one_node_and_copies_of_its_strings(void **state)
{
	char id[] = "t1";

	(void)state;
	setup();
	struct node *n = look_up(id);
	id[0] = 'x';
	assert_string_equal(token_of(n), "t1");
	assert_string_equal(node_key(&table, n).target.organization_id, "acme");
	assert_null(node_key(&table, n).target.database_id);
	assert_null(node_key(&table, n).name);
	assert_int_equal(node_key(&table, n).kind, 7);
	assert_ptr_equal(look_up("t1"), n);
	assert_ptr_equal(node_find(&table, number_of(n)), n);
	assert_int_equal(n->lookups, 2);
	nodes_finish(&table);
}

static void a_number_is_never_used_twice(void **state)
{
	(void)state;
	setup();
	struct node *n = look_up("t1");
	uint64_t number = number_of(n);
	node_forget(&table, n, 1);
	assert_null(node_find(&table, number));
	struct inode_key p = token_place("t1");
	assert_null(node_known(&table, &p));
	for (int i = 0; i < 100; i++) {
		n = look_up("t1");
		assert_true(number_of(n) > number);
		assert_null(node_find(&table, number));
		number = number_of(n);
		node_forget(&table, n, 1);
	}
	nodes_finish(&table);
}

static void a_node_lives_while_it_is_known_or_held(void **state)
{
	(void)state;
	setup();
	struct node *n = look_up("t1");
	uint64_t number = number_of(n);
	node_looked_up(n);
	node_forget(&table, n, 1);
	assert_non_null(node_find(&table, number));
	node_hold(n);
	node_forget(&table, n, 5); /* more than it was told: not below 0 */
	assert_non_null(node_find(&table, number));
	assert_int_equal(n->lookups, 0);
	node_release(&table, n);
	assert_null(node_find(&table, number));
	assert_int_equal(table.all.n, 1);
	nodes_finish(&table);
}

static void a_detached_node_keeps_its_number_and_gives_up_its_place(void **state)
{
	(void)state;
	setup();
	struct node *old = look_up("t1");
	node_detach(&table, old);
	node_detach(&table, old);
	struct node *new = look_up("t1");
	assert_ptr_not_equal(old, new);
	assert_true(number_of(old) != number_of(new));
	assert_ptr_equal(node_find(&table, number_of(old)), old);
	assert_string_equal(token_of(old), "t1");
	node_forget(&table, old, 1);
	struct inode_key p = token_place("t1");
	assert_ptr_equal(node_known(&table, &p), new);
	nodes_finish(&table);
}

static void a_moved_node_takes_the_place_of_another(void **state)
{
	(void)state;
	setup();
	struct node *a = look_up("a"), *b = look_up("b");
	struct inode_key at_a = token_place("a"), at_b = token_place("b");
	node_move(&table, a, &at_b);
	assert_ptr_equal(node_known(&table, &at_b), a);
	assert_null(node_known(&table, &at_a));
	assert_true(b->detached);
	node_move(&table, a, &at_b);
	assert_false(a->detached);
	/* From its own place: the strings given are its own. */
	struct inode_key own = node_key(&table, a);
	own.kind = 8;
	node_move(&table, a, &own);
	assert_int_equal(a->kind, 8);
	assert_string_equal(token_of(a), "b");
	node_detach(&table, a);
	node_move(&table, a, &at_a);
	assert_ptr_equal(node_known(&table, &at_a), a);
	nodes_finish(&table);
}

/* --- many ---------------------------------------------------------------------------------------- */

static struct node *look_up_nth(size_t i)
{
	char id[16];

	snprintf(id, sizeof(id), "t%zu", i);
	return look_up(id);
}

static void the_table_grows_and_loses_nobody(void **state)
{
	static struct node *n[3000];
	static bool seen[ARRAY_LEN(n) + 1];

	(void)state;
	setup();
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		n[i] = look_up_nth(i);
		if (i % 10 == 0)
			node_detach(&table, n[i]);
	}
	assert_int_equal(table.all.n, ARRAY_LEN(n) + 1);
	size_t all = 0;
	for (struct node *x = NULL; (x = node_next(&table, x)) != NULL; all++) {
		assert_in_range(number_of(x), NODE_ROOT, ARRAY_LEN(n) + NODE_ROOT);
		assert_false(seen[number_of(x) - NODE_ROOT]);
		seen[number_of(x) - NODE_ROOT] = true;
	}
	assert_int_equal(all, table.all.n);
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		struct inode_key p = node_key(&table, n[i]);
		assert_ptr_equal(node_find(&table, number_of(n[i])), n[i]);
		assert_ptr_equal(node_known(&table, &p), i % 10 == 0 ? NULL : n[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		node_forget(&table, n[i], 1);
	assert_int_equal(table.all.n, 1);
	nodes_finish(&table);
}

#define MANY 100000

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void shuffle(uint64_t *v, size_t n)
{
	uint32_t seed = 1;

	for (size_t i = n; i > 1; i--) {
		seed = seed * 1664525 + 1013904223;
		size_t other = seed % i;
		uint64_t swapped = v[i - 1];
		v[i - 1] = v[other];
		v[other] = swapped;
	}
}

/* Twice the same places, so that the second time all is made again where it was. */
static void many_are_forgotten_in_any_order_and_their_numbers_with_them(void **state)
{
	static uint64_t number[2 * MANY];

	(void)state;
	setup();
	for (size_t round = 0; round < 2; round++) {
		uint64_t *now = &number[round * MANY];
		for (size_t i = 0; i < MANY; i++)
			now[i] = number_of(look_up_nth(i));
		assert_int_equal(table.all.n, MANY + 1);
		shuffle(now, MANY);
		for (size_t i = 0; i < MANY; i++)
			node_forget(&table, node_find(&table, now[i]), 1);
		assert_int_equal(table.all.n, 1);
		assert_int_equal(table.ids.ids.n, 0);
		for (size_t i = 0; i < (round + 1) * MANY; i++)
			assert_null(node_find(&table, number[i]));
	}
	qsort(number, ARRAY_LEN(number), sizeof(number[0]), by_value);
	for (size_t i = 1; i < ARRAY_LEN(number); i++)
		assert_true(number[i - 1] < number[i]);
	assert_ptr_equal(node_find(&table, NODE_ROOT), table.root);
	nodes_finish(&table);
}

static void any_number_may_be_asked_for(void **state)
{
	(void)state;
	setup();
	uint64_t number = number_of(look_up("a"));
	const uint64_t none[] = {0,
				 number + 1,
				 UINT32_MAX,
				 UINT64_MAX,
				 number | UINT64_C(1) << 32,
				 number | UINT64_C(1) << 63};
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_null(node_find(&table, none[i]));
	nodes_finish(&table);
}

/* --- strings ------------------------------------------------------------------------------------- */

/* Names of temporary files, and ids of tokens that were deleted. */
static void a_string_goes_with_the_last_node_that_has_it(void **state)
{
	struct inode_key p = token_place("t1"), named = token_place("t1");

	(void)state;
	setup();
	named.name = "swap";
	struct node *a = look_up("t1"), *b = node_at(&table, &named);
	node_looked_up(b);
	assert_int_equal(table.ids.ids.n, 3); /* acme, t1, swap */
	named.name = "other";
	assert_null(node_known(&table, &named));
	assert_int_equal(table.ids.ids.n, 3);
	node_move(&table, b, &named);
	assert_int_equal(table.ids.ids.n, 3);
	assert_string_equal(node_key(&table, b).name, "other");
	node_detach(&table, b);
	assert_string_equal(node_key(&table, b).name, "other");
	node_forget(&table, b, 1);
	assert_int_equal(table.ids.ids.n, 2);
	assert_ptr_equal(node_known(&table, &p), a);
	node_forget(&table, a, 1);
	assert_int_equal(table.ids.ids.n, 0);
	nodes_finish(&table);
}

/* --- what cannot be counted ---------------------------------------------------------------------- */

/* Whoever looks a name up four thousand million times keeps its node. */
static void lookups_that_cannot_be_counted_are_never_forgotten(void **state)
{
	(void)state;
	setup();
	struct node *n = look_up("a");
	n->lookups = UINT32_MAX - 1;
	node_looked_up(n);
	node_looked_up(n);
	node_forget(&table, n, UINT32_MAX);
	node_forget(&table, n, UINT64_MAX);
	assert_ptr_equal(node_find(&table, number_of(n)), n);
	nodes_finish(&table);
}

static void holds_that_cannot_be_counted_are_never_released(void **state)
{
	(void)state;
	setup();
	struct node *n = look_up("a");
	for (size_t i = 0; i < NODE_REFS_MAX + 3; i++)
		node_hold(n);
	node_forget(&table, n, 1);
	for (size_t i = 0; i < NODE_REFS_MAX + 3; i++)
		node_release(&table, n);
	assert_ptr_equal(node_find(&table, number_of(n)), n);
	assert_int_equal(n->kind, 7);
	assert_false(n->misnamed);
	nodes_finish(&table);
}

/* Stored numbers, as backups of mounted trees may have them: they must not change. */
static void inode_numbers_are_those_of_earlier_releases(void **state)
{
	const struct inode_key p = {.kind = 7,
				    .target.organization_id = "acme",
				    .target.token_id = "t1",
				    .target.database_id = "d1",
				    .name = "n"};

	(void)state;
	assert_true(inode_number(&p) == UINT64_C(0xece00431e6f0e8a0));
}

static void inode_numbers_tell_places_apart_and_outlive_nodes(void **state)
{
	static const struct inode_key places[] = {
		{.kind = 1},
		{.kind = 2},
		{.kind = 1, .target.organization_id = "a"},
		{.kind = 1, .target.token_id = "a"},
		{.kind = 1, .target.database_id = "a"},
		{.kind = 1, .name = "a"},
		{.kind = 1, .target.organization_id = "a", .target.token_id = ""},
		{.kind = 1, .target.organization_id = "ab"},
		{.kind = 1, .target.organization_id = "a", .target.token_id = "b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct inode_key copy = places[i];
		assert_true(inode_number(&places[i]) > NODE_ROOT);
		assert_true(inode_number(&places[i]) == inode_number(&copy));
		for (size_t j = 0; j < i; j++)
			assert_true(inode_number(&places[i]) != inode_number(&places[j]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_is_number_1_and_is_never_forgotten),
		cmocka_unit_test(a_place_has_one_node_and_copies_of_its_strings),
		cmocka_unit_test(a_number_is_never_used_twice),
		cmocka_unit_test(a_node_lives_while_it_is_known_or_held),
		cmocka_unit_test(a_detached_node_keeps_its_number_and_gives_up_its_place),
		cmocka_unit_test(a_moved_node_takes_the_place_of_another),
		cmocka_unit_test(the_table_grows_and_loses_nobody),
		cmocka_unit_test(many_are_forgotten_in_any_order_and_their_numbers_with_them),
		cmocka_unit_test(any_number_may_be_asked_for),
		cmocka_unit_test(a_string_goes_with_the_last_node_that_has_it),
		cmocka_unit_test(lookups_that_cannot_be_counted_are_never_forgotten),
		cmocka_unit_test(holds_that_cannot_be_counted_are_never_released),
		cmocka_unit_test(inode_numbers_are_those_of_earlier_releases),
		cmocka_unit_test(inode_numbers_tell_places_apart_and_outlive_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

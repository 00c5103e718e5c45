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
	assert_string_equal(n->key.target.token_id, "t1");
	assert_ptr_equal(look_up("t1"), n);
	assert_ptr_equal(node_find(&table, n->number), n);
	assert_int_equal(n->lookups, 2);
	nodes_finish(&table);
}

static void a_number_is_never_used_twice(void **state)
{
	(void)state;
	setup();
	struct node *n = look_up("t1");
	uint64_t number = n->number;
	node_forget(&table, n, 1);
	assert_null(node_find(&table, number));
	struct inode_key p = token_place("t1");
	assert_null(node_known(&table, &p));
	for (int i = 0; i < 100; i++) {
		n = look_up("t1");
		assert_true(n->number > number);
		number = n->number;
		node_forget(&table, n, 1);
	}
	nodes_finish(&table);
}

static void a_node_lives_while_it_is_known_or_held(void **state)
{
	(void)state;
	setup();
	struct node *n = look_up("t1");
	uint64_t number = n->number;
	node_looked_up(n);
	node_forget(&table, n, 1);
	assert_non_null(node_find(&table, number));
	node_hold(n);
	node_forget(&table, n, 5); /* more than it was told: not below 0 */
	assert_non_null(node_find(&table, number));
	assert_int_equal(n->lookups, 0);
	node_release(&table, n);
	assert_null(node_find(&table, number));
	assert_int_equal(table.n, 1);
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
	assert_int_not_equal(old->number, new->number);
	assert_ptr_equal(node_find(&table, old->number), old);
	assert_string_equal(old->key.target.token_id, "t1");
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
	struct inode_key own = a->key;
	own.kind = 8;
	node_move(&table, a, &own);
	assert_int_equal(a->key.kind, 8);
	assert_string_equal(a->key.target.token_id, "b");
	node_detach(&table, a);
	node_move(&table, a, &at_a);
	assert_ptr_equal(node_known(&table, &at_a), a);
	nodes_finish(&table);
}

static void the_table_grows_and_loses_nobody(void **state)
{
	static struct node *n[3000];

	(void)state;
	setup();
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		char id[16];
		snprintf(id, sizeof(id), "t%zu", i);
		n[i] = look_up(id);
		if (i % 10 == 0)
			node_detach(&table, n[i]);
	}
	assert_int_equal(table.n, ARRAY_LEN(n) + 1);
	assert_true(table.by_number.base + table.by_number.split >= ARRAY_LEN(n) / 2);
	assert_true(table.by_key.base + table.by_key.split >= ARRAY_LEN(n) * 9 / 20);
	static bool seen[ARRAY_LEN(n) + 1];
	size_t all = 0;
	for (struct node *x = NULL; (x = node_next(&table, x)) != NULL; all++) {
		assert_in_range(x->number, NODE_ROOT, ARRAY_LEN(n) + NODE_ROOT);
		assert_false(seen[x->number - NODE_ROOT]);
		seen[x->number - NODE_ROOT] = true;
	}
	assert_int_equal(all, table.n);
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		struct inode_key p = n[i]->key;
		assert_ptr_equal(node_find(&table, n[i]->number), n[i]);
		assert_ptr_equal(node_known(&table, &p), i % 10 == 0 ? NULL : n[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		node_forget(&table, n[i], 1);
	assert_int_equal(table.n, 1);
	nodes_finish(&table);
}

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
	assert_ptr_equal(node_find(&table, n->number), n);
	nodes_finish(&table);
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
		cmocka_unit_test(lookups_that_cannot_be_counted_are_never_forgotten),
		cmocka_unit_test(inode_numbers_tell_places_apart_and_outlive_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

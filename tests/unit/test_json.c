/* SPDX-License-Identifier: MIT */
/* json: a list that is read element by element is what the whole text is. */
#include "unit.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/xmalloc.h"

/* The elements of "data", each on a line; "refused" if it cannot be read. */
static char *read_whole(const char *text, size_t len)
{
	cleanup(json_free) struct cJSON *root = NULL;
	struct buf out = BUF_INIT;
	struct error e;

	if (json_parse(text, len, 20, &root, &e) != 0)
		return xstrdup("refused");
	const struct cJSON *data = json_get(root, "data");
	buf_adds(&out, json_is_array(data) ? "array\n" : "none\n");
	for (const struct cJSON *i = json_is_array(data) ? json_first(data) : NULL; i != NULL;
	     i = json_next(i)) {
		cleanup(free_ptr) char *line = json_print(i);
		buf_addf(&out, "%s\n", line);
	}
	return buf_take(&out);
}

static char *read_list(const char *text, size_t len)
{
	cleanup(json_list_close) struct json_list l;
	struct buf out = BUF_INIT;
	struct cJSON *item;
	struct error e;

	if (json_list_open(&l, text, len, 20, "data", &e) != 0)
		return xstrdup("refused");
	buf_adds(&out, json_is_array(json_get(l.rest, "data")) ? "array\n" : "none\n");
	while (l.next < l.n) {
		if (json_list_next(&l, &item, &e) != 0) {
			buf_finish(&out);
			return xstrdup("refused");
		}
		cleanup(free_ptr) char *line = json_print(item);
		buf_addf(&out, "%s\n", line);
	}
	return buf_take(&out);
}

static void expect_same(const char *text, size_t len)
{
	cleanup(free_ptr) char *whole = read_whole(text, len);
	cleanup(free_ptr) char *list = read_list(text, len);

	if (strcmp(whole, list) != 0)
		fprintf(stderr, "%.*s\n", (int)len, text);
	assert_string_equal(list, whole);
}

static const char *const texts[] = {
	"{\"data\":[]}",
	"{\"data\":[ ]}",
	"{\"data\" : [ {\"a\":[1,2]} , {\"b\":{\"data\":[3]}} ],\"next\":2}",
	"{\"next\":\"a,[b]{\",\"data\":[\"x\",[1],{},null,true,1.5]}",
	"{\"other\":{\"data\":[1]},\"data\":[2]}",
	"{\"other\":[[1],{\"data\":[1]}],\"data\":[2]}",
	"{\"data\":1,\"data\":[2]}",
	"{\"data\":[1],\"data\":[2]}",
	"{\"d\\u0061ta\":[],\"data\":[2]}",
	"{\"d\\u0061ta\":[1]}",
	"{\"x\\\"data\":[1]}",
	"{\"x\\\\\\\"data\":[1],\"data\":[2]}",
	"{\"u\":\"a\\u0026b\",\"data\":[{\"t\":\"\\u0000\\ud800\"},{\"t\":\"\\\"]},\"}]}",
	"{\"data\":[1,]}",
	"{\"data\":[,1]}",
	"{\"data\":[1,,2]}",
	"{\"data\":[1 2]}",
	"{\"data\":[{\"a\":1]}",
	"{\"data\":[{\"a\":1}},{]}",
	"{\"data\":[1}]",
	"{\"data\":[1}",
	"{\"data\":[1]",
	"{\"data\":[1]}]",
	"{\"data\":[1]},",
	"{\"data\":[\xef\xbb\xbf{}]}",
	"\xef\xbb\xbf{\"data\":[{}]}",
	"[\"data\",[1]]",
	"[{\"data\":[1]}]",
	"{\"data\":{\"data\":[1]}}",
	"{\"data\":\"[1]\"}",
	"{\"Data\":[1]}",
	"{}",
	"",
	"<html>",
};

static void a_list_is_what_the_whole_text_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		expect_same(texts[i], strlen(texts[i]));
}

static void that_holds_for_texts_with_faults(void **state)
{
	static const char faults[] = "{}[],:\"\\ adt1u0\n";

	(void)state;
	srand(5);
	for (int round = 0; round < 40000; round++) {
		cleanup(free_ptr) char *text =
			xstrdup(texts[(size_t)rand() % (ARRAY_LEN(texts) - 2)]);
		size_t len = strlen(text);
		for (int n = rand() % 4; n >= 0; n--)
			text[(size_t)rand() % len] = faults[(size_t)rand() % (sizeof(faults) - 1)];
		expect_same(text, len);
	}
}

static void several_lists_may_be_open(void **state)
{
	static const char text[] = "{\"data\":[{\"a\":1},{\"b\":2}]}";
	struct json_list l[3];
	struct cJSON *item;
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(l); i++)
		assert_int_equal(json_list_open(&l[i], text, strlen(text), 20, "data", &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(l); i++)
		assert_int_equal(json_list_next(&l[i], &item, &e), 0);
	json_list_close(&l[0]);
	json_list_close(&l[0]);
	for (size_t i = 1; i < ARRAY_LEN(l); i++) {
		assert_int_equal(json_list_next(&l[i], &item, &e), 0);
		cleanup(free_ptr) char *line = json_print(item);
		assert_string_equal(line, "{\"b\":2}");
	}
	json_list_close(&l[1]);
	json_list_close(&l[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_what_the_whole_text_is),
		cmocka_unit_test(that_holds_for_texts_with_faults),
		cmocka_unit_test(several_lists_may_be_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

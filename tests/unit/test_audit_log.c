/* SPDX-License-Identifier: MIT */
/* audit_log: the decoder of its pages, the requests by cursor, and the text they make. */
#include "world.h"

#include "base/macros.h"
#include "base/xmalloc.h"
#include "planetscale/decode.h"

#define LOG           "GET /v1/organizations/acme/audit-log?limit=100"
#define AFTER(cursor) LOG "&starting_after=" cursor
#define EVENT_AT(id, second, rest)                                                                 \
	"{\"id\":\"" id "\",\"created_at\":\"2026-11-26T10:00:" second                             \
	".000Z\",\"audit_action\":\"service_token.created\"" rest "}"
#define EVENT(id, second)   EVENT_AT(id, second, "")
#define MORE(cursor, items) "{\"has_next\":true,\"cursor_end\":" cursor ",\"data\":[" items "]}"
#define LAST(items)         "{\"has_next\":false,\"cursor_end\":null,\"data\":[" items "]}"

static struct world w;

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *body, *after, *sentence;
	} cases[] = {
		{"{}", NULL, "data: an array expected"},
		{"{\"data\":[]}", NULL, "has_next: true or false expected"},
		{"{\"data\":[],\"has_next\":\"false\"}", NULL, "has_next: true or false expected"},
		{MORE("null", ""), NULL, "cursor_end: a cursor expected"},
		{MORE("\"..\"", ""), NULL, "cursor_end: a cursor expected"},
		{MORE("\"e1\"", EVENT("e2", "01")), "e1", "cursor_end: the next page is this page"},
		{LAST("7"), NULL, "data[0]: an object expected"},
		{LAST(EVENT("e1", "01") ",{}"), NULL, "data[1].id: a string expected"},
		{LAST(EVENT("../x", "01")), NULL, "data[0].id: this cannot be an id"},
		{LAST("{\"id\":\"a\"}"), NULL, "data[0].created_at: a string expected"},
		{LAST("{\"id\":\"a\",\"created_at\":\"x\"}"), NULL,
		 "data[0].audit_action: a string expected"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct audit_records out = {NULL, 0};
		struct error e;
		char *cursor = NULL;
		assert_int_equal(decode_audit_log(cases[i].body, strlen(cases[i].body),
						  cases[i].after, &out, &cursor, &e),
				 -EREMOTEIO);
		assert_string_equal(e.text, cases[i].sentence);
		assert_int_equal(out.n, 0);
		assert_null(cursor);
	}
}

static void events_of_other_things_have_no_action(void **state)
{
	static const struct {
		const char *event;
		bool shown;
	} cases[] = {
		{"\"audit_action\":\"service_token.token_leaked\"", true},
		{"\"audit_action\":\"database.deleted\"", true},
		{"\"audit_action\":\"branch.created\",\"target_type\":\"DatabaseBranch\","
		 "\"auditable_type\":\"Database\"",
		 false},
		{"\"action\":\"created\",\"target_type\":\"ServiceTokenAccess\"", true},
		{"\"action\":\"deleted\",\"auditable_type\":\"Database\"", true},
		{"\"action\":\"joined\",\"auditable_type\":\"Organization\"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct audit_records out = {NULL, 0};
		struct error e;
		char *cursor, body[400];
		snprintf(body, sizeof(body), LAST("{\"id\":\"e\",\"created_at\":\"x\",%s}"),
			 cases[i].event);
		assert_int_equal(decode_audit_log(body, strlen(body), NULL, &out, &cursor, &e), 0);
		assert_null(cursor);
		assert_int_equal(out.n, 1);
		assert_int_equal(out.v[0].action != NULL, cases[i].shown);
		audit_records_finish(&out);
	}
}

static struct audit_log *need(struct needy *n)
{
	struct organization *o = model_organization(w.model, "o1");

	needy_need(n, &w, &o->audit_log.resource);
	return &o->audit_log;
}

/* The events of the text in its order, as their ids. */
static void assert_ids(const struct audit_log *log, const char *ids)
{
	char found[512] = "", line[512];
	const char *s = buf_str(&log->text);

	for (size_t len; *s != '\0'; s += len + 1) {
		len = strcspn(s, "\n");
		assert_true(len < sizeof(line));
		memcpy(line, s, len);
		line[len] = '\0';
		char *id = line;
		for (int i = 0; i < 7; i++)
			id = strchr(id, '\t') + 1;
		id[strcspn(id, "\t")] = '\0';
		strcat(found, id);
		strcat(found, " ");
	}
	assert_string_equal(found, ids);
}

static void older_pages_are_read_until_one_is_known(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	world_acme(&w, NULL);
	struct audit_log *log = need(&n);
	fake_answer(LOG, 200, MORE("\"c/+\"", EVENT("e4", "04") "," EVENT("e3", "03")));
	world_turn(&w);
	assert_int_equal(n.result, WAIT);
	assert_int_equal(log->text.len, 0); /* never half of it */
	fake_answer(AFTER("c%2F%2B"), 200, LAST(EVENT("e2", "02") "," EVENT("e1", "01")));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_ids(log, "e1 e2 e3 e4 ");
	/* Later the first page reaches what is known, and shows one that was logged late. */
	w.clock.mono_ms += 30000;
	need(&n);
	fake_answer(
		LOG, 200,
		MORE("\"e3\"", EVENT("e5", "05") "," EVENT("e4", "04") "," EVENT("late", "03")));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_int_equal(fake_open(), 0);
	assert_ids(log, "e1 e2 e3 e4 late e5 ");
	world_finish(&w);
}

static void a_later_page_that_fails_adds_nothing(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	world_acme(&w, NULL);
	struct audit_log *log = need(&n);
	fake_answer(LOG, 200, LAST(EVENT("e1", "01")));
	world_turn(&w);
	w.clock.mono_ms += 30000;
	need(&n);
	fake_answer(LOG, 200, MORE("null", EVENT("e3", "03") "," EVENT("e2", "02")));
	fake_answer(AFTER("e2"), 500, "{}");
	world_turn(&w);
	assert_int_equal(n.result, -EREMOTEIO);
	assert_ids(log, "e1 ");
	world_finish(&w);
}

static void oldest_first_is_understood(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	world_acme(&w, NULL);
	struct audit_log *log = need(&n);
	fake_answer(LOG, 200, LAST(EVENT("e1", "01") "," EVENT("e2", "02")));
	world_turn(&w);
	assert_ids(log, "e1 e2 ");
	w.clock.mono_ms += 30000;
	need(&n);
	fake_answer(LOG, 200, MORE("\"e2\"", EVENT("e1", "01") "," EVENT("e2", "02")));
	fake_answer(AFTER("e2"), 200, LAST(EVENT("e2", "02") "," EVENT("e3", "03")));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	assert_ids(log, "e1 e2 e3 ");
	world_finish(&w);
}

/* A change does not make a fetch void, but its answer serves only briefly. */
static void a_change_outdates_it(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	world_acme(&w, NULL);
	struct audit_log *log = need(&n);
	audit_log_outdate(log);
	fake_answer(LOG, 200, LAST(""));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	w.clock.mono_ms += 6000;
	need(&n);
	assert_int_equal(n.result, WAIT);
	fake_answer(LOG, 200, LAST(""));
	world_turn(&w);
	assert_int_equal(n.result, 0);
	w.clock.mono_ms += 6000;
	need(&n);
	assert_int_equal(n.result, 0);
	audit_log_outdate(log);
	need(&n);
	assert_int_equal(n.result, WAIT);
	world_finish(&w);
}

static void a_line_has_nine_fields(void **state)
{
	struct needy n;

	(void)state;
	world_start(&w);
	world_acme(&w, NULL);
	struct audit_log *log = need(&n);
	fake_answer(LOG, 200,
		    LAST(EVENT_AT("e2", "02",
				  ",\"actor_display_name\":\"Ada\\tB\",\"target_display_name\":"
				  "\"a/b\",\"target_id\":\"t1\",\"auditable_display_name\":"
				  "\"acme\",\"remote_ip\":\"::1\",\"metadata\":{\"x\":"
				  "\"\\u0000\\u009b\\n\"}") "," EVENT("e1", "01")));
	world_turn(&w);
	assert_string_equal(
		buf_str(&log->text),
		"2026-11-26T10:00:01.000Z\t-\tservice_token.created\t-\t-\t-\t-\te1\t-\n"
		"2026-11-26T10:00:02.000Z\tAda%09B\tservice_token.created\ta%2Fb\tt1\t"
		"acme\t::1\te2\t{\"x\":\"\\u0000\\u009b\\n\"}\n");
	world_finish(&w);
}

/* Thousands of events: the older half goes, and none that is known comes again. */
static void a_log_that_is_too_long_loses_its_older_half(void **state)
{
	struct organization *o;
	struct audit_log *log;
	char id[32];

	(void)state;
	world_start(&w);
	o = world_acme(&w, NULL);
	log = &o->audit_log;
	uint64_t start = log->start;
	for (int batch = 0; batch < 101; batch++) {
		struct audit_records page = {NULL, 0};
		for (int i = 999; i >= 0; i--) {
			snprintf(id, sizeof(id), "e%06d", batch * 1000 + i);
			struct audit_record r = {.id = xstrdup(id),
						 .created_at = xstrdup(id),
						 .action = xstrdup("service_token.created")};
			audit_records_append(&page, &r);
		}
		audit_log_apply(log, &page);
		audit_log_apply(log, &page);
		audit_records_finish(&page);
		assert_int_equal(log->lines, batch < 100 ? (batch + 1) * 1000 : 50000);
	}
	assert_int_equal(strncmp(buf_str(&log->text), "e051000\t", 8), 0);
	assert_true(log->start != start);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(events_of_other_things_have_no_action),
		cmocka_unit_test(older_pages_are_read_until_one_is_known),
		cmocka_unit_test(a_later_page_that_fails_adds_nothing),
		cmocka_unit_test(oldest_first_is_understood),
		cmocka_unit_test(a_change_outdates_it),
		cmocka_unit_test(a_line_has_nine_fields),
		cmocka_unit_test(a_log_that_is_too_long_loses_its_older_half),
	};

	return cmocka_run_group_tests_name("audit_log", tests, NULL, NULL);
}

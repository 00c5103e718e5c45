/* SPDX-License-Identifier: MIT */
/*
 * What the mount may still know against answers that contradict it: what it asked for and may have
 * had confirmed counts for five seconds, whatever others do meanwhile. The emulator's log has it.
 */
#include "tell.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/xmalloc.h"

#define REMEMBERED_US INT64_C(5000000)

struct asked {
	char id[16];
	int level;
	uint32_t set;
	bool grant;
	int64_t at; /* when it had been answered */
};

static struct asked *asked;
static size_t count;
static int64_t made_at[NAMES];

/* An answer may take its time, and it may be asked again until one confirms it; what was corrected
 * once is then cached. */
static int64_t horizon_us(void)
{
	return REMEMBERED_US + (options.cache_ms + 16 * options.timeout_ms) * INT64_C(1000);
}

static void forget_old(void)
{
	int64_t now = now_us();
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (asked[i].at > now - 4 * horizon_us())
			asked[n++] = asked[i];
	count = n;
}

/* "…/service-tokens/ID/access" */
static bool id_of(const char *path, char id[16])
{
	const char *at = strstr(path, "/service-tokens/"), *end;

	if (at == NULL || (end = strstr(at += 16, "/access")) == NULL || end - at >= 16)
		return false;
	memcpy(id, at, (size_t)(end - at));
	id[end - at] = '\0';
	return true;
}

static void add(const struct asked *a)
{
	asked = xgrow(asked, count, sizeof(*asked));
	asked[count++] = *a;
}

/* What an operation wants may have been confirmed without a request for it. */
static void note_wanted(const struct record *r)
{
	struct asked a = {.level = r->resource, .set = r->grant, .grant = true, .at = now_us()};

	for (size_t i = 0; a.set != 0 && i < history_token_count; i++) {
		if (history_tokens[i].name != r->name)
			continue;
		memcpy(a.id, history_tokens[i].id, sizeof(a.id));
		add(&a);
	}
}

static void note(const cJSON *entry)
{
	const char *method = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "method"));
	const char *path = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "path"));
	const cJSON *body = cJSON_GetObjectItem(entry, "body"), *name;
	const char *database = cJSON_GetStringValue(cJSON_GetObjectItem(body, "database"));
	struct asked a = {.grant = strcmp(method, "POST") == 0};

	if (strcmp(method, "GET") == 0 || database == NULL || !id_of(path, a.id))
		return;
	a.level = database[0] == '\0' ? ORGANIZATION : database_index(database);
	/* Answered or given up by now. */
	a.at = now_us();
	cJSON_ArrayForEach(name, cJSON_GetObjectItem(body, "access"))
	{
		const char *word = cJSON_GetStringValue(name);
		a.set |= word != NULL ? scope_bit(word, strlen(word)) : 0;
	}
	add(&a);
}

void memory_note(void)
{
	cJSON *log = ask("GET", "/log", NULL);
	const cJSON *entry;

	forget_old();
	cJSON_ArrayForEach(entry, log) note(entry);
	EACH_RECORD(r) note_wanted(r);
	cJSON_Delete(log);
	for (size_t i = 0; i < history_event_count; i++) {
		const struct event *e = &history_events[i];
		int name = history_tokens[e->token].name;
		if (e->made && e->request != 0 && name >= 0)
			made_at[name] = e->at;
	}
}

void memory_of(const struct token *t, int resource, const struct record *r, uint32_t *granted,
	       uint32_t *revoked)
{
	*granted = *revoked = 0;
	for (size_t i = 0; i < count; i++) {
		const struct asked *a = &asked[i];
		if (strcmp(a->id, t->id) != 0 || a->level != resource ||
		    a->at + horizon_us() < r->seen_from)
			continue;
		if (a->grant)
			*granted |= a->set;
		else
			*revoked |= a->set;
	}
}

bool memory_made(int name, const struct record *r)
{
	return made_at[name] != 0 && made_at[name] + horizon_us() >= r->seen_from;
}

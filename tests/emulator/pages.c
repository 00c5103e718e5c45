/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include "emulator.h"
#include "request.h"
#include "util.h"

#include <stdlib.h>

#include "base/xmalloc.h"

/* More than any list holds. */
#define WHOLE ((size_t)1 << 30)

static size_t query_number(const struct request *request, const char *name, size_t preset)
{
	const char *text = request_query(request, name);
	long long number;

	return text && parse_number(text, 1, 1000000000, &number) ? (size_t)number : preset;
}

bool page_begin(struct emulator *emulator, struct request *request, size_t preset,
		struct page *page)
{
	const struct switches *switches = &emulator->switches;
	size_t most = (size_t)switches_number(switches, SWITCH_PER_PAGE_MAX);

	*page = (struct page){.number = query_number(request, "page", 1)};
	page->per_page = query_number(request, "per_page", preset);
	if (page->per_page > most) {
		if (!switches_is(switches, SWITCH_PER_PAGE_OVER, "clamp")) {
			reply_default_error(&request->reply,
					    (int)switches_number(switches, SWITCH_PER_PAGE_OVER));
			return false;
		}
		page->per_page = most;
	}
	if (page->per_page == 0)
		page->per_page = 1;
	page->first = (page->number - 1) * page->per_page;
	page->data = cJSON_CreateArray();
	return true;
}

void page_whole(struct page *page)
{
	*page = (struct page){.number = 1, .per_page = WHOLE};
	page->data = cJSON_CreateArray();
}

bool page_holds(const struct page *page, size_t position)
{
	return position >= page->first && position < page->first + page->per_page;
}

static void add_neighbour(struct emulator *emulator, struct request *request, cJSON *json,
			  const char *direction, size_t number, const struct page *page)
{
	const struct switches *switches = &emulator->switches;
	const char *base = switches_is(switches, SWITCH_NEXT_PAGE_URL, "foreign")
				   ? "http://foreign.invalid"
				   : emulator->base_url;
	char *key = xasprintf("%s_page", direction);
	char *url_key = xasprintf("%s_page_url", direction);
	char *url = xasprintf("%s%s?page=%zu&per_page=%zu", base, request->path, number,
			      page->per_page);

	if (number)
		cJSON_AddNumberToObject(json, key, (double)number);
	else
		cJSON_AddNullToObject(json, key);
	if (number && !switches_is(switches, SWITCH_NEXT_PAGE_URL, "null"))
		cJSON_AddStringToObject(json, url_key, url);
	else
		cJSON_AddNullToObject(json, url_key);
	free(key);
	free(url_key);
	free(url);
}

void page_finish(struct emulator *emulator, struct request *request, struct page *page, int status)
{
	const struct switches *switches = &emulator->switches;
	size_t end = page->first + page->per_page;
	size_t shown = page->per_page == WHOLE ? page->total : page->per_page;
	cJSON *json = cJSON_CreateObject();

	if (!switches_is(switches, SWITCH_OMIT_TYPE, "on"))
		cJSON_AddStringToObject(json, "type", "list");
	cJSON_AddNumberToObject(json, "current_page", (double)page->number);
	if (!switches_is(switches, SWITCH_DROP_PER_PAGE, "on"))
		cJSON_AddNumberToObject(json, "per_page", (double)shown);
	add_neighbour(emulator, request, json, "next", end < page->total ? page->number + 1 : 0,
		      page);
	add_neighbour(emulator, request, json, "prev", page->number - 1, page);
	if (page->totals && !switches_is(switches, SWITCH_DROP_TOTALS, "on")) {
		cJSON_AddNumberToObject(json, "total_count", (double)page->total);
		cJSON_AddNumberToObject(
			json, "total_pages",
			(double)((page->total + page->per_page - 1) / page->per_page));
	}
	cJSON_AddItemToObject(json, "data", page->data);
	page->data = NULL;
	reply_json(&request->reply, status, json);
}

/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "clock.h"
#include "routes.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

void log_init(struct log *log)
{
	*log = (struct log){.next_number = 1, .started_ms = clock_monotonic_ms()};
}

static void free_entry(struct log_entry *entry)
{
	free(entry->method);
	free(entry->target);
	free(entry->auth_id);
	free(entry->body);
	free(entry->violation);
}

void log_clear(struct log *log)
{
	for (size_t i = 0; i < log->count; i++)
		free_entry(&log->entries[i]);
	log->count = 0;
}

void log_finish(struct log *log)
{
	log_clear(log);
	free(log->entries);
	log->entries = NULL;
}

/* Bodies of login calls are codes and tokens; all others may be shown. */
static char *shown_body(const struct request *request)
{
	if (!request->body_size)
		return NULL;
	if (request->json)
		return cJSON_PrintUnformatted(request->json);
	if (request->route && request->route->form)
		return xstrdup("\"(form)\"");
	return xstrdup("\"(not JSON)\"");
}

static const char *const caller_kinds[] = {
	[CALLER_NONE] = "none",
	[CALLER_TOKEN] = "service-token",
	[CALLER_BEARER] = "bearer",
	[CALLER_BAD_TOKEN] = "bad-service-token",
	[CALLER_EXPIRED_TOKEN] = "expired-service-token",
	[CALLER_BAD_BEARER] = "bad-bearer",
};

void log_arrival(struct log *log, struct request *request, uint64_t connection)
{
	struct log_entry *entry;

	log->entries = xgrow(log->entries, log->count, sizeof(*log->entries));
	entry = &log->entries[log->count++];
	*entry = (struct log_entry){
		.number = log->next_number++,
		.at_ms = clock_monotonic_ms() - log->started_ms,
		.answered_ms = -1,
		.method = xstrdup(request->method),
		.target = xstrdup(request->target),
		.auth = caller_kinds[request->caller.kind],
		.auth_id = xstrdup(request->caller.shown_id),
		.body = shown_body(request),
		.violation = xstrdup(request->violation),
		.connection = connection,
	};
	request->number = entry->number;
}

/* Entries are in the order of their numbers. */
static struct log_entry *find_entry(struct log *log, uint64_t number)
{
	size_t low = 0, high = log->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (log->entries[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < log->count && log->entries[low].number == number ? &log->entries[low] : NULL;
}

void log_answer(struct log *log, const struct request *request, int status, uint64_t fault)
{
	struct log_entry *entry = find_entry(log, request->number);

	if (!entry)
		return;
	entry->answered_ms = clock_monotonic_ms() - log->started_ms;
	entry->status = status;
	entry->fault = fault;
	entry->changed = request->changed;
}

bool log_matches(const struct log_entry *entry, const struct log_filter *filter)
{
	bool found = true;

	if (filter->path) {
		char *path = xstrdup(entry->target);

		path[strcspn(path, "?")] = '\0';
		found = fnmatch(filter->path, path, 0) == 0;
		free(path);
	}
	if (filter->method && strcmp(filter->method, "*") != 0 &&
	    strcmp(filter->method, entry->method) != 0)
		return false;
	if (filter->status && filter->status != entry->status)
		return false;
	if (filter->only_changed && !entry->changed)
		return false;
	if (filter->only_violations && !entry->violation)
		return false;
	if (filter->only_answered && entry->answered_ms < 0)
		return false;
	return found && entry->number > filter->since;
}

size_t log_count(const struct log *log, const struct log_filter *filter)
{
	size_t count = 0;

	for (size_t i = 0; i < log->count; i++)
		count += log_matches(&log->entries[i], filter);
	return count;
}

static cJSON *entry_json(const struct log_entry *entry)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, "seq", (double)entry->number);
	cJSON_AddNumberToObject(json, "time", (double)entry->at_ms);
	if (entry->answered_ms >= 0)
		cJSON_AddNumberToObject(json, "answered", (double)entry->answered_ms);
	else
		cJSON_AddNullToObject(json, "answered");
	cJSON_AddStringToObject(json, "method", entry->method);
	cJSON_AddStringToObject(json, "path", entry->target);
	cJSON_AddNumberToObject(json, "status", entry->status);
	cJSON_AddStringToObject(json, "auth", entry->auth);
	if (entry->auth_id)
		cJSON_AddStringToObject(json, "auth_id", entry->auth_id);
	else
		cJSON_AddNullToObject(json, "auth_id");
	cJSON_AddNumberToObject(json, "connection", (double)entry->connection);
	cJSON_AddBoolToObject(json, "changed", entry->changed);
	if (entry->body)
		cJSON_AddRawToObject(json, "body", entry->body);
	else
		cJSON_AddNullToObject(json, "body");
	if (entry->violation)
		cJSON_AddStringToObject(json, "violation", entry->violation);
	else
		cJSON_AddNullToObject(json, "violation");
	if (entry->fault)
		cJSON_AddNumberToObject(json, "fault", (double)entry->fault);
	else
		cJSON_AddNullToObject(json, "fault");
	return json;
}

cJSON *log_json(const struct log *log, const struct log_filter *filter)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < log->count; i++) {
		if (log_matches(&log->entries[i], filter))
			cJSON_AddItemToArray(list, entry_json(&log->entries[i]));
	}
	return list;
}

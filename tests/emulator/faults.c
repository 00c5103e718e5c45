/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include "util.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/xmalloc.h"

static void free_fault(struct fault *fault)
{
	free(fault->method);
	free(fault->path);
	free(fault->query);
	cJSON_Delete(fault->headers);
	cJSON_Delete(fault->data);
	free(fault->body);
	free(fault);
}

/* Frees ended faults nobody is using. */
static void sweep(struct faults *faults)
{
	struct fault **slot = &faults->list;

	while (*slot) {
		struct fault *fault = *slot;

		if (fault->ended && !fault->users) {
			*slot = fault->next;
			free_fault(fault);
		} else {
			slot = &fault->next;
		}
	}
}

void faults_finish(struct faults *faults)
{
	while (faults->list) {
		struct fault *next = faults->list->next;

		free_fault(faults->list);
		faults->list = next;
	}
}

/* Reading a fault */

static void read_text(char **slot, const cJSON *item)
{
	replace_string(slot, cJSON_GetStringValue(item));
}

static void replace_json(cJSON **slot, const cJSON *item)
{
	cJSON_Delete(*slot);
	*slot = cJSON_Duplicate(item, true);
}

static int base64_value(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

static bool read_base64(struct fault *fault, const char *text)
{
	unsigned bits = 0;
	int bit_count = 0;

	free(fault->body);
	fault->body = xcalloc(1, strlen(text) + 1);
	fault->body_size = 0;
	for (; *text && *text != '='; text++) {
		int value = base64_value(*text);

		if (value < 0)
			return false;
		bits = bits << 6 | (unsigned)value;
		bit_count += 6;
		if (bit_count >= 8) {
			bit_count -= 8;
			fault->body[fault->body_size++] = (char)(bits >> bit_count & 0xff);
		}
	}
	return true;
}

static bool read_close(struct fault *fault, const cJSON *item)
{
	const char *when = cJSON_GetStringValue(item);

	fault->close_before = when && !strcmp(when, "before");
	fault->close_after = when && !strcmp(when, "after");
	fault->close_idle = when && !strcmp(when, "idle");
	return fault->close_before || fault->close_after || fault->close_idle;
}

/* Numbers and flags of a fault by the offset of their member. */
static const struct {
	const char *key;
	size_t offset;
	bool flag;
} members[] = {
	{"count", offsetof(struct fault, count), false},
	{"skip", offsetof(struct fault, skip), false},
	{"stall_ms", offsetof(struct fault, stall_ms), false},
	{"delay_ms", offsetof(struct fault, delay_ms), false},
	{"trickle_ms", offsetof(struct fault, trickle_ms), false},
	{"truncate", offsetof(struct fault, truncate), false},
	{"apply", offsetof(struct fault, apply), true},
	{"reset", offsetof(struct fault, reset), true},
	{"silence", offsetof(struct fault, silence), true},
};

static bool read_member(struct fault *fault, const cJSON *item, bool *known)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		char *member = (char *)fault + members[i].offset;

		if (strcmp(members[i].key, item->string) != 0)
			continue;
		*known = true;
		if (members[i].flag && cJSON_IsBool(item)) {
			*(bool *)(void *)member = cJSON_IsTrue(item);
			return true;
		}
		if (!members[i].flag && cJSON_IsNumber(item) && item->valuedouble >= 0) {
			*(long long *)(void *)member = (long long)item->valuedouble;
			return true;
		}
		return false;
	}
	return true;
}

/* Takes one key; false when its value is wrong or nobody knows it. */
static bool read_key(struct fault *fault, const cJSON *item)
{
	bool known = false;

	if (!read_member(fault, item, &known))
		return false;
	if (known)
		return true;
	if (!strcmp(item->string, "method") && cJSON_IsString(item))
		return read_text(&fault->method, item), true;
	if (!strcmp(item->string, "path") && cJSON_IsString(item))
		return read_text(&fault->path, item), true;
	if (!strcmp(item->string, "query") && cJSON_IsString(item))
		return read_text(&fault->query, item), true;
	if (!strcmp(item->string, "status") && cJSON_IsNumber(item))
		return fault->status = item->valueint, fault->status >= 200 && fault->status < 600;
	if (!strcmp(item->string, "headers") && cJSON_IsObject(item))
		return replace_json(&fault->headers, item), true;
	if (!strcmp(item->string, "data") && (cJSON_IsObject(item) || cJSON_IsArray(item)))
		return replace_json(&fault->data, item), true;
	if (!strcmp(item->string, "body") && cJSON_IsString(item)) {
		read_text(&fault->body, item);
		fault->body_size = strlen(fault->body);
		return true;
	}
	if (!strcmp(item->string, "body_base64") && cJSON_IsString(item))
		return read_base64(fault, item->valuestring);
	if (!strcmp(item->string, "close"))
		return read_close(fault, item);
	return false;
}

char *faults_add(struct faults *faults, const cJSON *json, uint64_t *id)
{
	struct fault **slot = &faults->list;
	struct fault *fault;
	const cJSON *item;

	if (!cJSON_IsObject(json))
		return xstrdup("a fault is a JSON object");
	fault = xcalloc(1, sizeof(*fault));
	fault->method = xstrdup("*");
	fault->path = xstrdup("*");
	fault->count = 1;
	fault->truncate = -1;
	cJSON_ArrayForEach(item, json)
	{
		if (!read_key(fault, item)) {
			char *error = xasprintf("bad key or value: \"%s\"", item->string);

			free_fault(fault);
			return error;
		}
	}
	if (fault->count == 0)
		fault->count = -1;
	*id = fault->id = ++faults->next_id;
	while (*slot)
		slot = &(*slot)->next;
	*slot = fault;
	return NULL;
}

/* Use */

static bool strikes(const struct fault *fault, const struct request *request)
{
	const char *query = strchr(request->target, '?');

	return !fault->ended && fault->count != 0 &&
	       fnmatch(fault->method, request->method, 0) == 0 &&
	       fnmatch(fault->path, request->path, 0) == 0 &&
	       (!fault->query || fnmatch(fault->query, query ? query + 1 : "", 0) == 0);
}

struct fault *faults_take(struct faults *faults, const struct request *request)
{
	for (struct fault *fault = faults->list; fault; fault = fault->next) {
		if (!strikes(fault, request))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		if (fault->count > 0)
			fault->count--;
		fault->hits++;
		fault->users++;
		return fault;
	}
	return NULL;
}

void faults_release(struct faults *faults, struct fault *fault)
{
	fault->users--;
	sweep(faults);
}

void faults_clear(struct faults *faults, uint64_t id)
{
	for (struct fault *fault = faults->list; fault; fault = fault->next) {
		if (!id || fault->id == id)
			fault->ended = true;
	}
	sweep(faults);
}

cJSON *faults_json(const struct faults *faults)
{
	cJSON *list = cJSON_CreateArray();

	for (const struct fault *fault = faults->list; fault; fault = fault->next) {
		cJSON *json;

		if (fault->ended)
			continue;
		json = cJSON_CreateObject();
		cJSON_AddNumberToObject(json, "id", (double)fault->id);
		cJSON_AddStringToObject(json, "method", fault->method);
		cJSON_AddStringToObject(json, "path", fault->path);
		cJSON_AddNumberToObject(json, "status", fault->status);
		cJSON_AddNumberToObject(json, "left", (double)fault->count);
		cJSON_AddNumberToObject(json, "skip", (double)fault->skip);
		cJSON_AddNumberToObject(json, "hits", (double)fault->hits);
		cJSON_AddNumberToObject(json, "held", fault->users);
		cJSON_AddItemToArray(list, json);
	}
	return list;
}

/* SPDX-License-Identifier: MIT */
#include "handlers.h"

#include "emulator.h"
#include "objects.h"
#include "request.h"
#include "scopes.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

const struct field access_fields[] = {
	{"database", FIELD_STRING},
	{"access", FIELD_STRINGS},
	{NULL, FIELD_STRING},
};

/* Lists */

/* Puts the accesses of a page into it; @only limits them to some names of one resource. */
struct access_filter {
	const char *resource_id;
	const char *const *names;
	size_t count;
};

struct access_list {
	const struct emulator *emulator;
	const struct access_filter *only; /* NULL for all */
	struct page *page;
};

static bool wanted(const struct access_filter *only, const struct shown_access *access)
{
	if (!only)
		return true;
	if (strcmp(only->resource_id, access->resource_id) != 0)
		return false;
	for (size_t i = 0; i < only->count; i++) {
		if (!strcmp(only->names[i], access->name))
			return true;
	}
	return false;
}

static void list_access(void *context, const struct shown_access *access)
{
	struct access_list *list = context;

	if (wanted(list->only, access) && page_holds(list->page, list->page->total++))
		cJSON_AddItemToArray(list->page->data, access_json(list->emulator, access));
}

static void answer_list(struct emulator *emulator, struct request *request, struct page *page,
			const struct access_filter *only, int status)
{
	struct access_list list = {emulator, only, page};
	size_t count;
	struct shown_grant *shown = shown_grants(emulator, request->token, &count);

	for (size_t i = 0; i < count; i++)
		shown_accesses(&shown[i], list_access, &list);
	free(shown);
	page_finish(emulator, request, page, status);
}

void accesses_list(struct emulator *emulator, struct request *request)
{
	const struct switches *switches = &emulator->switches;
	struct page page;

	if (switches_is(switches, SWITCH_ACCESS_PAGING, "off"))
		page_whole(&page);
	else if (!page_begin(emulator, request,
			     (size_t)switches_number(switches, SWITCH_ACCESS_PAGE_SIZE), &page))
		return;
	answer_list(emulator, request, &page, NULL, 200);
}

void accesses_grants(struct emulator *emulator, struct request *request)
{
	const struct switches *switches = &emulator->switches;
	struct shown_grant *shown;
	struct page page;

	if (switches_is(switches, SWITCH_GRANTS_PAGING, "off"))
		page_whole(&page);
	else if (!page_begin(emulator, request,
			     (size_t)switches_number(switches, SWITCH_GRANTS_PAGE_SIZE), &page))
		return;
	shown = shown_grants(emulator, request->token, &page.total);
	for (size_t i = page.first; i < page.total && page_holds(&page, i); i++)
		cJSON_AddItemToArray(page.data, grant_json(emulator, &shown[i]));
	free(shown);
	page_finish(emulator, request, &page, 200);
}

/* Changes */

/* A request to add or remove scopes, split into what may and may not be done. */
struct access_change {
	struct grant_target target;
	const struct grant *held;
	const char **names; /* owned; those to change */
	size_t count;
	int refused_status; /* of the first that is refused, or 0 */
	const char *refused_text;
};

/* The verdict on one scope: 0 to do it, -1 to skip it, or an error status. */
typedef int access_judge(const struct emulator *emulator, const struct request *request,
			 const struct access_change *change, const char *name, const char **text);

/* The status a switch holds, or @meaning for its word @word. */
static int status_or(const struct emulator *emulator, enum switch_id id, const char *word,
		     int meaning)
{
	if (switches_is(&emulator->switches, id, word))
		return meaning;
	return (int)switches_number(&emulator->switches, id);
}

static bool may_grant(const struct emulator *emulator, const struct request *request,
		      const struct access_change *change, const struct scope *scope,
		      const char *name)
{
	const struct token *caller = request->caller.token;

	if (!caller)
		return !scope || !scope->admin_only ||
		       switches_is(&emulator->switches, SWITCH_BEARER_ROLE, "admin");
	if (switches_is(&emulator->switches, SWITCH_GRANT_LIMIT, "off"))
		return true;
	return change->target.database ? grants_hold_database(caller, change->target.database, name)
				       : grants_hold_organization(caller, name);
}

static int judge_addition(const struct emulator *emulator, const struct request *request,
			  const struct access_change *change, const char *name, const char **text)
{
	const struct scope *scope = scope_find(name);
	enum scope_level level = change->target.database ? SCOPE_DATABASE : SCOPE_ORGANIZATION;
	int status = 0;

	*text = "Access is not included in the list";
	if (!scope)
		status = status_or(emulator, SWITCH_UNKNOWN_SCOPE, "accept", 0);
	else if (scope->level != level)
		status = status_or(emulator, SWITCH_WRONG_LEVEL, "accept", 0);
	if (status)
		return status;
	if (!may_grant(emulator, request, change, scope, name)) {
		*text = "You may not grant this access";
		return (int)switches_number(&emulator->switches, SWITCH_GRANT_DENIED);
	}
	if (!grants_find_access(change->held, name))
		return 0;
	*text = "Access has already been taken";
	return status_or(emulator, SWITCH_ACCESS_DUPLICATE, "ok", -1);
}

static int judge_removal(const struct emulator *emulator, const struct request *request,
			 const struct access_change *change, const char *name, const char **text)
{
	struct grant_target all = {.kind = GRANT_BULK};

	if (grants_find_access(change->held, name))
		return 0;
	if (grants_find_access(grants_find(request->token, &all), name)) {
		*text = "Access is held for all databases";
		return status_or(emulator, SWITCH_BULK_DELETE, "ignored", -1);
	}
	*text = "Access is not held";
	return status_or(emulator, SWITCH_ACCESS_MISSING, "ok", -1);
}

/* Finds the resource the body names. False when the reply is set. */
static bool find_target(const struct emulator *emulator, struct request *request,
			struct access_change *change)
{
	const char *name = request_text(request, "database");

	if (!name && switches_is(&emulator->switches, SWITCH_OMITTED_DATABASE, "422")) {
		reply_error(&request->reply, 422, "unprocessable", "Database can't be blank");
		return false;
	}
	if (!name || !*name) {
		change->target.kind = GRANT_ORGANIZATION;
		return true;
	}
	change->target.kind = GRANT_DATABASE;
	change->target.database = state_find_database(request->organization, name);
	if (!change->target.database)
		reply_default_error(&request->reply, 404);
	return change->target.database != NULL;
}

/* Sorts the scopes of the body. False when the reply is set. */
static bool prepare(const struct emulator *emulator, struct request *request, access_judge *judge,
		    struct access_change *change)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(request->json, "access");
	const cJSON *item;

	if (!find_target(emulator, request, change))
		return false;
	if (!cJSON_GetArraySize(list)) {
		reply_error(&request->reply, 422, "unprocessable", "Access can't be blank");
		return false;
	}
	change->held = grants_find(request->token, &change->target);
	change->names = xcalloc(1, (size_t)cJSON_GetArraySize(list) * sizeof(*change->names));
	cJSON_ArrayForEach(item, list)
	{
		const char *text = "";
		int verdict = judge(emulator, request, change, item->valuestring, &text);

		if (verdict == 0) {
			change->names[change->count++] = item->valuestring;
		} else if (verdict > 0 && !change->refused_status) {
			change->refused_status = verdict;
			change->refused_text = text;
		}
	}
	if (change->refused_status &&
	    switches_is(&emulator->switches, SWITCH_ACCESS_PARTIAL, "none"))
		change->count = 0;
	if (change->count && switches_is(&emulator->switches, SWITCH_ACCESS_APPLIES, "first"))
		change->count = 1;
	return true;
}

static void refuse(struct request *request, const struct access_change *change)
{
	reply_default_error(&request->reply, change->refused_status);
	if (change->refused_status == 422)
		reply_error(&request->reply, 422, "unprocessable", change->refused_text);
}

static void answer_addition(struct emulator *emulator, struct request *request,
			    const struct access_change *change)
{
	const struct switches *switches = &emulator->switches;
	int status = (int)switches_number(switches, SWITCH_ACCESS_POST_STATUS);
	struct access_filter only = {.names = change->names, .count = change->count};
	struct page page;

	if (status == 204) {
		reply_empty(&request->reply, 204);
		return;
	}
	only.resource_id =
		change->target.database ? change->target.database->id : request->organization->id;
	if (switches_is(switches, SWITCH_ACCESS_POST_ANSWER, "truncated-page")) {
		if (page_begin(emulator, request,
			       (size_t)switches_number(switches, SWITCH_ACCESS_PAGE_SIZE), &page))
			answer_list(emulator, request, &page, NULL, status);
		return;
	}
	page_whole(&page);
	if (switches_is(switches, SWITCH_ACCESS_POST_ANSWER, "empty"))
		page_finish(emulator, request, &page, status);
	else
		answer_list(emulator, request, &page,
			    switches_is(switches, SWITCH_ACCESS_POST_ANSWER, "added") ? &only
										      : NULL,
			    status);
}

void accesses_add(struct emulator *emulator, struct request *request)
{
	struct access_change change = {0};

	if (prepare(emulator, request, judge_addition, &change)) {
		if (grants_add(&emulator->state, request->token, &change.target, change.names,
			       change.count)) {
			request->changed = true;
			others_notice(emulator, request->token, change.target.database,
				      change.names, change.count, true);
		}
		if (change.refused_status)
			refuse(request, &change);
		else
			answer_addition(emulator, request, &change);
	}
	free(change.names);
}

void accesses_delete(struct emulator *emulator, struct request *request)
{
	struct access_change change = {0};
	struct page page;

	if (prepare(emulator, request, judge_removal, &change)) {
		if (grants_remove(&emulator->state, request->token, &change.target, change.names,
				  change.count)) {
			request->changed = true;
			others_notice(emulator, request->token, change.target.database,
				      change.names, change.count, false);
		}
		if (change.refused_status) {
			refuse(request, &change);
		} else if (switches_is(&emulator->switches, SWITCH_ACCESS_DELETE_STATUS, "204")) {
			reply_empty(&request->reply, 204);
		} else {
			page_whole(&page);
			answer_list(emulator, request, &page, NULL, 200);
		}
	}
	free(change.names);
}

/* SPDX-License-Identifier: MIT */
/*
 * The part of decode that reads the audit log.
 */
#include "base/json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "planetscale/decode.h"

#define EVENT_ID_MAX 64
/* A longer cursor than this would make a URL that servers refuse. */
#define CURSOR_MAX 1024

/* The kinds of objects whose events are shown; the first also begins the names of others. */
#define TOKEN_TYPE    "ServiceToken"
#define DATABASE_TYPE "Database"

static int bad_event(size_t i, const char *key, const char *what, struct error *e)
{
	return error_set(e, EREMOTEIO, "data[%zu]%s%s: %s", i, key[0] != '\0' ? "." : "", key,
			 what);
}

static bool event_id_fits(const char *id)
{
	static const char allowed[] =
		"0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t len = strlen(id);

	return len > 0 && len <= EVENT_ID_MAX && strspn(id, allowed) == len;
}

/* Does the event concern a service token or a database? A branch is not its database. */
static bool concerns(const struct cJSON *event, const char *action)
{
	const char *target = json_some_text(event, "target_type");
	const char *object = json_some_text(event, "auditable_type");

	if (str_starts(action, "service_token") || str_starts(action, "database."))
		return true;
	if (target != NULL)
		return str_starts(target, TOKEN_TYPE) || str_eq(target, DATABASE_TYPE);
	return object != NULL && (str_starts(object, TOKEN_TYPE) || str_eq(object, DATABASE_TYPE));
}

static const char *either(const char *a, const char *b)
{
	return a != NULL ? a : b;
}

/* No event should hold a secret of PlanetScale's; one that does is shown without its details. */
static bool holds_secret(const char *json)
{
	static const char *const prefixes[] = {"pscale_tkn_", "pscale_pw_", "pscale_oauth_"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strstr(json, prefixes[i]) != NULL)
			return true;
	return false;
}

static char *metadata_text(const struct cJSON *event)
{
	const struct cJSON *metadata = json_get(event, "metadata");

	if (!json_is_object(metadata) || json_first(metadata) == NULL)
		return NULL;
	char *text = json_print(metadata);
	if (!holds_secret(text))
		return text;
	free(text);
	return NULL;
}

static int read_event(const struct cJSON *event, size_t i, struct audit_record *out,
		      struct error *e)
{
	const char *id = json_text(event, "id");
	const char *created_at = json_some_text(event, "created_at");
	const char *action =
		either(json_some_text(event, "audit_action"), json_some_text(event, "action"));

	if (!json_is_object(event))
		return bad_event(i, "", "an object expected", e);
	if (id == NULL)
		return bad_event(i, "id", "a string expected", e);
	if (!event_id_fits(id))
		return bad_event(i, "id", "this cannot be an id", e);
	if (created_at == NULL)
		return bad_event(i, "created_at", "a string expected", e);
	if (action == NULL)
		return bad_event(i, "audit_action", "a string expected", e);
	*out = (struct audit_record){.id = xstrdup(id), .created_at = xstrdup(created_at)};
	if (!concerns(event, action))
		return 0;
	const char *actor = json_some_text(event, "actor_display_name");
	const char *object = json_some_text(event, "auditable_display_name");
	const char *object_id = json_some_text(event, "auditable_id");
	const char *target_id = json_some_text(event, "target_id");
	const char *target = either(json_some_text(event, "target_display_name"), target_id);
	out->action = xstrdup(action);
	out->actor = xstrdup(either(actor, json_some_text(event, "actor_id")));
	out->target = xstrdup(either(target, either(object, object_id)));
	out->target_id = xstrdup(target != NULL ? target_id : object_id);
	out->within = xstrdup(target != NULL ? either(object, object_id) : NULL);
	out->address = xstrdup(json_some_text(event, "remote_ip"));
	out->metadata = metadata_text(event);
	return 0;
}

/* The cursor of the next page in *cursor; NULL if this is the last. */
static int read_cursor(const struct cJSON *root, const struct audit_records *page,
		       const char *after, const char **cursor, struct error *e)
{
	cleanup(buf_finish) struct buf ignored = BUF_INIT;
	bool more;

	*cursor = NULL;
	if (!json_bool(json_get(root, "has_next"), &more))
		return error_set(e, EREMOTEIO, "has_next: true or false expected");
	if (!more)
		return 0;
	*cursor = json_some_text(root, "cursor_end");
	if (*cursor == NULL && page->n > 0)
		*cursor = page->v[page->n - 1].id;
	if (*cursor == NULL || strlen(*cursor) > CURSOR_MAX || !url_segment(*cursor, &ignored))
		return error_set(e, EREMOTEIO, "cursor_end: a cursor expected");
	if (str_eq(*cursor, after))
		return error_set(e, EREMOTEIO, "cursor_end: the next page is this page");
	return 0;
}

static int read_events(const struct cJSON *root, const char *after, size_t most,
		       struct audit_records *page, struct error *e)
{
	const struct cJSON *data = json_get(root, "data");
	size_t i = 0;

	if (!json_is_array(data))
		return error_set(e, EREMOTEIO, "data: an array expected");
	if (json_count(data) > most)
		return error_set(e, EREMOTEIO, "data: too many items");
	for (const struct cJSON *event = json_first(data); event != NULL;
	     event = json_next(event)) {
		struct audit_record record;
		int r = read_event(event, i++, &record, e);
		if (r != 0)
			return r;
		if (str_eq(record.id, after))
			audit_record_finish(&record);
		else
			audit_records_append(page, &record);
	}
	return 0;
}

int decode_audit_log(const char *body, size_t len, const char *after, struct audit_records *out,
		     char **cursor, struct error *e)
{
	cleanup(json_free) struct cJSON *root = NULL;
	cleanup(audit_records_finish) struct audit_records page = {NULL, 0};
	size_t most = out->n < DECODE_ITEMS_MAX ? DECODE_ITEMS_MAX - out->n : 0;
	const char *next;
	int r = json_parse(body, len, DECODE_DEPTH_MAX, &root, e);

	if (r == 0)
		r = read_events(root, after, most, &page, e);
	if (r == 0)
		r = read_cursor(root, &page, after, &next, e);
	if (r != 0)
		return r;
	*cursor = xstrdup(next);
	for (size_t i = 0; i < page.n; i++)
		audit_records_append(out, &page.v[i]);
	return 0;
}

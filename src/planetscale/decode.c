/* SPDX-License-Identifier: MIT */
#include "planetscale/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "http/url.h"
#include "planetscale/decode_internal.h"

#define NEXT_PAGE_MAX 1000000

static void at_print(const struct at *at, struct buf *out)
{
	if (at == NULL)
		return;
	at_print(at->up, out);
	if (at->key == NULL)
		buf_addf(out, "[%zu]", at->index);
	else
		buf_addf(out, "%s%s", out->len > 0 ? "." : "", at->key);
}

int decode_fail(const struct at *at, const char *what, struct error *e)
{
	cleanup(buf_finish) struct buf path = BUF_INIT;

	at_print(at, &path);
	return error_set(e, EREMOTEIO, "%s: %s", path.len > 0 ? buf_str(&path) : "the answer",
			 what);
}

static int fail_key(const struct at *up, const char *key, const char *what, struct error *e)
{
	struct at at = {up, key, 0};

	return decode_fail(&at, what, e);
}

static int need_text(const struct cJSON *object, const char *key, const struct at *at,
		     const char **out, struct error *e)
{
	*out = json_text(object, key);
	return *out != NULL ? 0 : fail_key(at, key, "a string expected", e);
}

static int need_id(const struct cJSON *object, const struct at *at, const char **out,
		   struct error *e)
{
	static const char allowed[] =
		"0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	int r = need_text(object, "id", at, out, e);

	if (r != 0)
		return r;
	size_t len = strlen(*out);
	if (len == 0 || len > ID_MAX || strspn(*out, allowed) != len)
		return fail_key(at, "id", "this cannot be an id", e);
	return 0;
}

/* A name that is used in API paths: "..", "." and "" would change the meaning of the path. */
static int need_segment(const struct cJSON *object, const char *key, const struct at *at,
			const char **out, struct error *e)
{
	cleanup(buf_finish) struct buf ignored = BUF_INIT;
	int r = need_text(object, key, at, out, e);

	if (r == 0 && !url_segment(*out, &ignored))
		return fail_key(at, key, "this cannot be a name", e);
	return r;
}

/* Optional strings: from a key of the object to a member of the record. */
struct field {
	const char *key;
	size_t offset;
};

static void copy_fields(const struct cJSON *object, const struct field *fields, size_t n,
			void *record)
{
	for (size_t i = 0; i < n; i++) {
		char *value = xstrdup(json_text(object, fields[i].key));
		memcpy((char *)record + fields[i].offset, &value, sizeof(value));
	}
}

int decode_organization_at(struct cJSON *object, const struct at *at,
			   struct organization_record *out, struct error *e)
{
	static const struct field fields[] = {
		{"created_at", offsetof(struct organization_record, created_at)},
		{"updated_at", offsetof(struct organization_record, updated_at)},
	};
	const char *id, *name;

	if (need_id(object, at, &id, e) != 0 || need_segment(object, "name", at, &name, e) != 0)
		return -EREMOTEIO;
	*out = (struct organization_record){.id = xstrdup(id), .name = xstrdup(name)};
	copy_fields(object, fields, ARRAY_LEN(fields), out);
	out->info = json_print(object);
	return 0;
}

int decode_database_at(struct cJSON *object, const struct at *at, struct database_record *out,
		       struct error *e)
{
	static const struct field fields[] = {
		{"created_at", offsetof(struct database_record, created_at)},
		{"updated_at", offsetof(struct database_record, updated_at)},
	};
	const char *id, *name;

	if (need_id(object, at, &id, e) != 0 || need_text(object, "name", at, &name, e) != 0)
		return -EREMOTEIO;
	*out = (struct database_record){.id = xstrdup(id), .name = xstrdup(name)};
	copy_fields(object, fields, ARRAY_LEN(fields), out);
	out->region = xstrdup(json_text(json_get(object, "region"), "slug"));
	out->info = json_print(object);
	return 0;
}

/* One access as the answer has it; the strings are borrowed from the tree. */
struct access {
	const char *type;
	const char *id;   /* or NULL */
	const char *name; /* or NULL */
	const char *scope;
	bool deleted;
};

struct accesses {
	struct access *v; /* owned */
	size_t n;
	size_t untyped; /* left out, because their kind of resource is not given */
};

static void accesses_finish(struct accesses *l)
{
	free(l->v);
}

/* The resource of `item`, given by keys of its own or by an object in it. */
static struct access read_resource(const struct cJSON *item)
{
	const struct cJSON *resource = json_get(item, "resource");
	const char *type = json_some_text(item, "resource_type");
	const char *id = json_some_text(item, "resource_id");
	const char *name = json_some_text(item, "resource_name");

	if (type == NULL)
		type = json_text(resource, "type");
	return (struct access){
		.type = type != NULL ? type : "",
		.id = id != NULL ? id : json_some_text(resource, "id"),
		.name = name != NULL ? name : json_some_text(resource, "name"),
		.deleted = json_is_set(resource, "deleted_at"),
	};
}

/* Could a permissions file contain it without another meaning? */
static bool scope_printable(const char *scope)
{
	size_t len = strlen(scope);

	if (len == 0 || len > SCOPE_NAME_MAX || scope[0] == '+' || scope[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (scope[i] <= ' ' || scope[i] > '~' || scope[i] == ',' || scope[i] == '#')
			return false;
	return true;
}

/* Add one access to the resource `on`. */
static int read_access(const struct cJSON *item, const struct at *at, struct access on,
		       struct accesses *out, struct error *e)
{
	if (!json_is_object(item))
		return decode_fail(at, "an object expected", e);
	if (need_text(item, "access", at, &on.scope, e) != 0)
		return -EREMOTEIO;
	if (!scope_printable(on.scope))
		return fail_key(at, "access", "this cannot be a permission name", e);
	if (on.type[0] == '\0') {
		out->untyped++;
		return 0;
	}
	out->v = xgrow(out->v, out->n, sizeof(*out->v));
	out->v[out->n++] = on;
	return 0;
}

/* An array of accesses, each with its resource. */
static int read_accesses(const struct cJSON *array, const struct at *up, struct accesses *out,
			 struct error *e)
{
	struct at at = {up, NULL, 0};
	const struct cJSON *item;

	for (item = json_first(array); item != NULL; item = json_next(item)) {
		if (read_access(item, &at, read_resource(item), out, e) != 0)
			return -EREMOTEIO;
		at.index++;
	}
	return 0;
}

/* An array of grants: resources, each with its accesses. */
static int read_grants(const struct cJSON *array, const struct at *up, struct accesses *out,
		       struct error *e)
{
	struct at at = {up, NULL, 0};
	const struct cJSON *grant, *item;

	for (grant = json_first(array); grant != NULL; grant = json_next(grant)) {
		const struct cJSON *accesses = json_get(grant, "accesses");
		struct at list = {&at, "accesses", 0}, element = {&list, NULL, 0};
		struct access on = read_resource(grant);

		if (!json_is_object(grant))
			return decode_fail(&at, "an object expected", e);
		if (!json_is_array(accesses))
			return decode_fail(&list, "an array expected", e);
		on.deleted = on.deleted || json_is_set(grant, "deleted_at");
		for (item = json_first(accesses); item != NULL; item = json_next(item)) {
			if (read_access(item, &element, on, out, e) != 0)
				return -EREMOTEIO;
			element.index++;
		}
		if (out->untyped > 0)
			return fail_key(&at, "resource_type", "a string expected", e);
		at.index++;
	}
	return 0;
}

/* Like strcmp, but NULL sorts after every string. */
static int order(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

static int by_resource(const void *a, const void *b)
{
	const struct access *x = a, *y = b;
	int r = order(x->type, y->type);

	if (r == 0)
		r = order(x->id, y->id);
	if (r == 0)
		r = order(x->name, y->name);
	return r;
}

static bool same_resource(const struct access *a, const struct access *b)
{
	return strcmp(a->type, b->type) == 0 && str_eq(a->id, b->id) &&
	       (a->id != NULL || str_eq(a->name, b->name));
}

/*
 * Gather the accesses of one resource. After sorting, those of one resource are neighbours; a
 * search among the grants is needed only for those without an id, which come after those with one.
 */
static int gather(struct accesses *l, const struct at *up, struct grants *out, struct error *e)
{
	struct grant *grant = NULL;

	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), by_resource);
	for (size_t i = 0; i < l->n; i++) {
		const struct access *a = &l->v[i];
		if (grant == NULL || !same_resource(&l->v[i - 1], a))
			grant = a->id != NULL ? grants_add(out, a->type, a->id, a->name)
					      : grants_at(out, a->type, NULL, a->name);
		if (a->deleted)
			grant_set_deleted(grant);
		scopes_add(&grant->scopes, a->scope);
		if (out->n > DECODE_RESOURCES_MAX || grant->scopes.n > DECODE_SCOPES_MAX)
			return decode_fail(up, "more than any token may do", e);
	}
	grants_compact(out);
	return 0;
}

/* Removes from `object` what the record must not contain; `lenient`: see
 * decode_created_token(). */
static int read_token(struct cJSON *object, const struct at *up, bool lenient,
		      struct token_record *out, struct error *e)
{
	cleanup(accesses_finish) struct accesses accesses = {NULL, 0, 0};
	const struct cJSON *array = json_get(object, "service_token_accesses");
	struct at at = {up, "service_token_accesses", 0};
	const char *id;

	if (need_id(object, up, &id, e) != 0)
		return -EREMOTEIO;
	cleanup(grants_finish) struct grants grants = GRANTS_INIT;
	bool has_grants = json_is_array(array);
	if (has_grants && (read_accesses(array, &at, &accesses, e) != 0 ||
			   gather(&accesses, &at, &grants, e) != 0)) {
		if (!lenient)
			return -EREMOTEIO;
		has_grants = false;
	}
	/* Incomplete: treat it as absent, so that another answer is asked for. */
	has_grants = has_grants && accesses.untyped == 0;
	json_erase(object, "token");
	json_erase(object, "plain_text_refresh_token");
	json_erase(object, "service_token_accesses");
	token_record_read(out, object);
	out->has_grants = has_grants;
	if (has_grants) {
		out->grants = grants;
		grants = (struct grants)GRANTS_INIT;
	}
	return 0;
}

const struct at decode_at_data = {NULL, "data", 0};

static int64_t count_or_unknown(const struct cJSON *root, const char *key)
{
	int64_t number;

	return json_whole(json_get(root, key), &number) ? number : -1;
}

int decode_page_of(const struct cJSON *root, struct decode_page *page, struct error *e)
{
	int64_t next = 0;

	if (!json_is_array(json_get(root, "data")))
		return decode_fail(&decode_at_data, "an array expected", e);
	if (json_is_set(root, "next_page") &&
	    (!json_whole(json_get(root, "next_page"), &next) || next < 1 || next > NEXT_PAGE_MAX))
		return fail_key(NULL, "next_page", "a page number expected", e);
	*page = (struct decode_page){
		.next = next,
		.total = count_or_unknown(root, "total_count"),
		.pages = count_or_unknown(root, "total_pages"),
	};
	return 0;
}

int decode_token_at(struct cJSON *object, const struct at *at, struct token_record *out,
		    struct error *e)
{
	return read_token(object, at, false, out, e);
}

int decode_organization(const char *body, size_t len, struct organization_record *out,
			struct error *e)
{
	cleanup(json_free) struct cJSON *root = NULL;
	int r = json_parse(body, len, DECODE_DEPTH_MAX, &root, e);

	return r != 0 ? r : decode_organization_at(root, NULL, out, e);
}

int decode_database(const char *body, size_t len, struct database_record *out, struct error *e)
{
	cleanup(json_free) struct cJSON *root = NULL;
	int r = json_parse(body, len, DECODE_DEPTH_MAX, &root, e);

	return r != 0 ? r : decode_database_at(root, NULL, out, e);
}

int decode_token(const char *body, size_t len, struct token_record *out, struct error *e)
{
	cleanup(json_free) struct cJSON *root = NULL;
	int r = json_parse(body, len, DECODE_DEPTH_MAX, &root, e);

	return r != 0 ? r : read_token(root, NULL, false, out, e);
}

/* A header, an environment file and a line of text must be able to contain it. */
static bool secret_fits(const char *token)
{
	for (const char *s = token; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return token[0] != '\0';
}

int decode_created_token(const char *body, size_t len, struct token_record *out,
			 struct secret **secret, struct error *e)
{
	cleanup(json_free) struct cJSON *root = NULL;
	int r = json_parse(body, len, DECODE_DEPTH_MAX, &root, e);

	if (r != 0)
		return r;
	const char *token = json_text(root, "token");
	if (token == NULL)
		return fail_key(NULL, "token", "a string expected", e);
	if (!secret_fits(token))
		return fail_key(NULL, "token", "this cannot be a secret", e);
	struct secret *kept = secret_new(token, strlen(token));
	r = read_token(root, NULL, true, out, e);
	if (r != 0)
		secret_free(kept);
	else
		*secret = kept;
	return r;
}

static int decode_access_list(const char *body, size_t len, struct grants *out,
			      struct decode_page *page,
			      int (*read)(const struct cJSON *, const struct at *,
					  struct accesses *, struct error *),
			      struct error *e)
{
	cleanup(json_free) struct cJSON *root = NULL;
	cleanup(accesses_finish) struct accesses accesses = {NULL, 0, 0};
	cleanup(grants_finish) struct grants part = GRANTS_INIT;
	struct decode_page found;
	int r = json_parse(body, len, DECODE_DEPTH_MAX, &root, e);

	if (r == 0)
		r = decode_page_of(root, &found, e);
	if (r == 0 && json_count(json_get(root, "data")) > DECODE_ITEMS_MAX)
		r = decode_fail(&decode_at_data, "too many items", e);
	if (r == 0)
		r = read(json_get(root, "data"), &decode_at_data, &accesses, e);
	if (r == 0)
		r = gather(&accesses, &decode_at_data, &part, e);
	if (r == 0 && out->n + part.n > DECODE_RESOURCES_MAX)
		r = decode_fail(&decode_at_data, "more than any token may do", e);
	if (r != 0)
		return r;
	grants_merge(out, &part);
	*page = found;
	return 0;
}

int decode_grants(const char *body, size_t len, struct grants *out, struct decode_page *page,
		  struct error *e)
{
	return decode_access_list(body, len, out, page, read_grants, e);
}

int decode_accesses(const char *body, size_t len, struct grants *out, struct decode_page *page,
		    struct error *e)
{
	return decode_access_list(body, len, out, page, read_accesses, e);
}

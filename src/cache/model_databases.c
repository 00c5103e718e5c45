/* SPDX-License-Identifier: MIT */
/* model_databases: the databases of an organization, part of model. */
#include "cache/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"
#include "cache/names.h"

/* Takes NULL. */
static void database_free(struct database *d)
{
	if (d == NULL)
		return;
	database_record_finish(&d->r);
	free(d->file_name);
	free(d);
}

static int by_database_file_name(const void *a, const void *b)
{
	return strcmp((*(struct database *const *)a)->file_name,
		      (*(struct database *const *)b)->file_name);
}

static int by_database_id(const void *a, const void *b)
{
	return strcmp(((const struct database_record *)a)->id,
		      ((const struct database_record *)b)->id);
}

static void free_listed(struct organization *o)
{
	for (size_t i = 0; i < o->n_databases; i++)
		database_free(o->database[i]);
	free(o->database);
}

void model_finish_databases(struct organization *o)
{
	free_listed(o);
	for (size_t i = 0; i < GONE_MAX; i++)
		database_free(o->gone[i]);
}

/* If the list changes while its pages are read, they may list an object twice. */
static void drop_duplicate_databases(struct database_records *list)
{
	size_t n = 0;

	if (list->n > 0)
		qsort(list->v, list->n, sizeof(*list->v), by_database_id);
	for (size_t i = 0; i < list->n; i++) {
		if (n > 0 && strcmp(list->v[n - 1].id, list->v[i].id) == 0)
			database_record_finish(&list->v[i]);
		else
			list->v[n++] = list->v[i];
	}
	list->n = n;
}

/* Compare the known databases with those that replace them, both sorted by file name. */
static void note_changes(const struct organization *o, struct database **next, size_t n)
{
	for (size_t i = 0, j = 0; i < o->n_databases; i++) {
		const struct database *d = o->database[i];
		while (j < n && strcmp(next[j]->file_name, d->file_name) < 0)
			j++;
		if (j == n || strcmp(next[j]->file_name, d->file_name) != 0 ||
		    strcmp(next[j]->r.id, d->r.id) != 0)
			model_note(o, MODEL_DATABASE_MOVED, NULL, d->r.id);
		else if (!str_eq(next[j]->r.info, d->r.info))
			model_note(o, MODEL_DATABASE, NULL, d->r.id);
	}
}

/* `list` is sorted by file_name, and most have the name that they had. */
static bool listed(struct database **list, size_t n, const struct database *d)
{
	struct database **named =
		n > 0 ? bsearch(&d, list, n, sizeof(struct database *), by_database_file_name)
		      : NULL;

	if (named != NULL && strcmp((*named)->r.id, d->r.id) == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i]->r.id, d->r.id) == 0)
			return true;
	return false;
}

/* Move those that `next` lacks out of the list. */
static void keep_gone(struct organization *o, struct database **next, size_t n)
{
	for (size_t i = 0; i < o->n_databases; i++) {
		struct database *d = o->database[i];
		if (listed(next, n, d))
			continue;
		struct database **place = &o->gone[o->n_gone++ % GONE_MAX];
		database_free(*place);
		*place = d;
		o->database[i] = NULL;
	}
}

/* A listing replaces the databases; no state of this mount is stored with them. */
void model_apply_databases(struct organization *o, struct database_records *list)
{
	drop_duplicate_databases(list);
	struct named *v = xcalloc(list->n, sizeof(*v));
	struct database **next = xcalloc(list->n, sizeof(struct database *));

	for (size_t i = 0; i < list->n; i++)
		v[i] = (struct named){list->v[i].id, list->v[i].name, NULL};
	names_assign(v, list->n);
	for (size_t i = 0; i < list->n; i++) {
		next[i] = xcalloc(1, sizeof(struct database));
		next[i]->r = list->v[i];
		next[i]->file_name = v[i].file_name;
		memset(&list->v[i], 0, sizeof(list->v[i]));
	}
	if (list->n > 0)
		qsort(next, list->n, sizeof(*next), by_database_file_name);
	note_changes(o, next, list->n);
	keep_gone(o, next, list->n);
	free_listed(o);
	o->database = next;
	o->n_databases = list->n;
	free(v);
	database_records_finish(list);
}

struct database *model_database_named(const struct organization *o, const char *file_name)
{
	for (size_t i = 0; i < o->n_databases; i++)
		if (strcmp(o->database[i]->file_name, file_name) == 0)
			return o->database[i];
	return NULL;
}

struct database *model_database(const struct organization *o, const char *id)
{
	for (size_t i = 0; i < o->n_databases; i++)
		if (strcmp(o->database[i]->r.id, id) == 0)
			return o->database[i];
	return NULL;
}

const char *model_gone_database(const struct organization *o, const char *id)
{
	for (size_t i = 0; i < GONE_MAX; i++)
		if (o->gone[i] != NULL && strcmp(o->gone[i]->r.id, id) == 0)
			return o->gone[i]->r.name;
	return NULL;
}

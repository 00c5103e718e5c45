/* SPDX-License-Identifier: MIT */
/*
 * json: the JSON text of an answer as a tree; the only user of cJSON.
 *
 * For decode, and for files that show a part of an object as it was received. Knows nothing of
 * PlanetScale. Refuses some invalid texts that cJSON accepts. Wipes all of cJSON's memory before
 * it is freed: cJSON copies every string, frees an incomplete tree by itself when the text is
 * invalid, and any string may be a secret. Nodes are borrowed from the root of their tree. A
 * lookup in NULL, or in a node that is not an object, finds nothing.
 */
#ifndef PSCALEFS_JSON_H
#define PSCALEFS_JSON_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cJSON; /* opaque */

/* A value takes about a hundred bytes in the tree, and can be as short as two in the text. */
#define JSON_VALUES_MAX 3000000

/*
 * Parse the whole text. 0, or -EREMOTEIO with a sentence: it must be one object, not nested more
 * than `depth_max` deep, of JSON_VALUES_MAX values at most, without control characters, trailing
 * text or a NUL byte. What UTF-8 in C strings cannot hold is encoded as in json_text.h: an escaped
 * NUL as JSON_NUL, half a surrogate pair as the three bytes that would encode it.
 */
int json_parse(const char *body, size_t len, int depth_max, struct cJSON **out, struct error *e);
void json_free(struct cJSON **json); /* for cleanup(): wipes, frees *json, takes NULL */

/*
 * An object with a long array, parsed element by element: never more than one of them takes memory as a
 * tree, and the work can be done in parts. The array is the value of the object's first member called
 * `key`; if that is something else, the list is empty.
 */
struct json_list {
	/* Owned; the object, with an empty array in place of the long one, until the first element is
	 * asked for. */
	struct cJSON *rest;
	size_t n; /* elements, or what stands between two commas */
	size_t next;
	struct cJSON *item;  /* owned; the last one, if it was parsed apart */
	struct cJSON *child; /* borrowed from `rest`: the next one, if the array is still there */
	char *text;          /* owned: of the array, without its brackets */
	size_t len;
	size_t *end; /* owned: where each element ends in it; NULL: it was not split */
	bool open;
};

/* Like json_parse(), but of an element that is not JSON only json_list_next() tells. To be closed only
 * if it was opened. */
int json_list_open(struct json_list *l, const char *body, size_t len, int depth_max,
		   const char *key, struct error *e);
/* The next of the `n` elements, borrowed until the next call; or -EREMOTEIO. */
int json_list_next(struct json_list *l, struct cJSON **item, struct error *e);
void json_list_close(struct json_list *l); /* may be closed again */

bool json_is_object(const struct cJSON *json);
bool json_is_array(const struct cJSON *json);
size_t json_count(const struct cJSON *array);

/* The children of an array or object, in order: json_first(x), then json_next() until NULL. */
struct cJSON *json_first(const struct cJSON *json);
struct cJSON *json_next(const struct cJSON *json);
const char *json_key(const struct cJSON *child); /* NULL in an array */

/* The first member with this key; upper and lower case differ. */
const struct cJSON *json_get(const struct cJSON *object, const char *key);
const char *json_string(const struct cJSON *json);                  /* NULL if it is no string */
const char *json_text(const struct cJSON *object, const char *key); /* NULL if it is no string */
const char *json_some_text(const struct cJSON *object, const char *key); /* NULL for "", too */
/* Is the member present, and neither null nor false? */
bool json_is_set(const struct cJSON *object, const char *key);
/* true or false; false for anything else. */
bool json_bool(const struct cJSON *json, bool *out);
/* A whole number >= 0, also if written as a string of digits; false for anything else. */
bool json_whole(const struct cJSON *json, int64_t *out);

/* From now on a string that is not empty is printed as the byte `mark` alone, without quotes. */
void json_mark(struct cJSON *string, char mark);
void json_erase(struct cJSON *object, const char *key); /* in any case of letters */
char *json_print(const struct cJSON *json); /* on one line, without blanks; the caller frees it */

#endif

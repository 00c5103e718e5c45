/* SPDX-License-Identifier: MIT */
/*
 * json: the JSON text of an answer as a tree; the only user of cJSON.
 *
 * For decode, and for what shows a part of an object as it came. Knows no PlanetScale. Refuses what
 * cJSON would let pass; wipes all of cJSON's memory before it is given back, for cJSON copies every
 * string, frees half a tree by itself when the text turns out to be broken, and any string may be a
 * secret. A tree is borrowed from its root; looking into NULL, or into what is no object, finds
 * nothing.
 */
#ifndef PSCALEFS_JSON_H
#define PSCALEFS_JSON_H

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct cJSON; /* opaque */

/* Each is a hundred bytes in the tree, and may be two in the text. */
#define JSON_VALUES_MAX 3000000

/*
 * The whole text as a tree. 0, or -EREMOTEIO with a sentence: it must be one object, not nested
 * more than `depth_max` deep, of JSON_VALUES_MAX values at most, without control characters,
 * trailing text or a NUL byte. What C strings of UTF-8 cannot hold is there as json_text.h has it: an
 * escaped NUL as JSON_NUL, half a surrogate pair as the three bytes that would encode it.
 */
int json_parse(const char *body, size_t len, int depth_max, struct cJSON **out, struct error *e);
void json_free(struct cJSON **json); /* for cleanup(): wipes, frees *json, takes NULL */

bool json_is_object(const struct cJSON *json);
bool json_is_array(const struct cJSON *json);
size_t json_count(const struct cJSON *array);

/* The children of an array or object, in order: json_first(x), then json_next() until NULL. */
struct cJSON *json_first(const struct cJSON *json);
struct cJSON *json_next(const struct cJSON *json);
const char *json_key(const struct cJSON *child); /* NULL in an array */

/* By key, case and all; the first of several. */
const struct cJSON *json_get(const struct cJSON *object, const char *key);
const char *json_string(const struct cJSON *json);                  /* NULL if it is none */
const char *json_text(const struct cJSON *object, const char *key); /* NULL if it is no string */
const char *json_some_text(const struct cJSON *object, const char *key); /* NULL for "", too */
/* There, and neither null nor false. */
bool json_is_set(const struct cJSON *object, const char *key);
/* A whole number from 0, also one written as a string of digits; false for anything else. */
bool json_whole(const struct cJSON *json, int64_t *out);

void json_erase(struct cJSON *object, const char *key); /* every spelling of it */
char *json_print(const struct cJSON *json); /* on one line, without blanks; the caller frees it */

#endif

/* SPDX-License-Identifier: MIT */
/*
 * json_scan: looks at the text of an answer before it is parsed; part of json, which alone includes it.
 *
 * Finds what cJSON would accept but must be refused, the escapes that it cannot read, and the elements
 * of a long array.
 */
#ifndef PSCALEFS_JSON_SCAN_H
#define PSCALEFS_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* An array that is a member of the outermost object, as the text has it. */
struct json_array {
	const char *key;   /* to find; the first one whose value is an array */
	size_t commas;     /* before it, in the object */
	const char *begin; /* behind its bracket; NULL: there is none */
	const char *close; /* where it ends */
	const char **end;  /* owned: where its elements end; an empty array has one, too */
	size_t n;
};
void json_array_finish(struct json_array *a);

/* 0, or -EREMOTEIO. *odd: it has escapes for json_replace_odd(). `array`: NULL, or has its key; it is to
 * be finished in any case. */
int json_scan(const char *body, size_t len, int depth_max, bool *odd, struct json_array *array,
	      struct error *e);
/* Replace the odd escapes by their bytes, which are shorter; returns the new length. */
size_t json_replace_odd(const char *body, size_t len, char *out);
bool json_is_space(unsigned char c);

#endif

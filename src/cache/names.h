/* SPDX-License-Identifier: MIT */
/*
 * names: between what PlanetScale calls a thing and what its directory is called.
 *
 * '/', NUL, control characters, a leading dot, invalid UTF-8 and a '%' followed by two hex digits
 * are written as %XX. Of several things with one name none keeps it: each is `name@id`; one without
 * a name, or with a name too long for a file, is `@id`. A NUL is JSON_NUL
 * in a name. Pure functions; knows no PlanetScale object.
 */
#ifndef PSCALEFS_NAMES_H
#define PSCALEFS_NAMES_H

#include <stddef.h>

#include "base/buf.h"

#define FILE_NAME_MAX 255

/* The file name for `name` of `len` bytes, without looking at other names. */
void name_encode(const char *name, size_t len, struct buf *out);
/*
 * The name that a person means by creating the file `file_name`: 0 and the decoded text in `out`,
 * or -EINVAL if it is not the way this name is written (invalid UTF-8, a leading dot, "a%41"),
 * -ENAMETOOLONG if over FILE_NAME_MAX bytes. A decoded NUL or JSON_NUL is -EINVAL, and so is an empty name.
 */
int name_decode(const char *file_name, struct buf *out);

struct named {
	const char *id;   /* borrowed; unique, of [A-Za-z0-9_-], 1 to 64 bytes (see decode) */
	const char *name; /* borrowed; NULL or empty: unnamed */
	char *file_name;  /* out; owned by the caller */
};

/*
 * Give each of `n` things its file name: unique, at most FILE_NAME_MAX bytes, never one of the dot
 * names. A bare name goes only to a thing that shares it with nobody and whose name cannot be read
 * as another's `name@id` or `@id`: does not end in '@' and the id of another in the set, whatever
 * stands before. Deterministic: depends on the set, not on its order. O(n log n).
 */
void names_assign(struct named *v, size_t n);

#endif

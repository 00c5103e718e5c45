/* SPDX-License-Identifier: MIT */
/*
 * names: converts between PlanetScale's name of an object and the name of its directory.
 *
 * '/', NUL, control characters, a leading dot, invalid UTF-8 and a '%' followed by two hex digits
 * are written as %XX. If several objects have one name, each of them is called `name@id`; one
 * without a name, or with a name too long for a file, is `@id`. In a name a NUL is JSON_NUL. Pure
 * functions; knows no PlanetScale object.
 */
#ifndef PSCALEFS_NAMES_H
#define PSCALEFS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/merge_sort.h"

#define FILE_NAME_MAX 255

/* The file name for `name` of `len` bytes, without looking at other names. */
void name_encode(const char *name, size_t len, struct buf *out);
/*
 * The name that a user means by creating the file `file_name`: 0 and the decoded text in `out`, or
 * -EINVAL if name_encode() would write this name in another way (invalid UTF-8, a leading dot,
 * "a%41"), -ENAMETOOLONG if over FILE_NAME_MAX bytes. A decoded NUL or JSON_NUL is -EINVAL, and so
 * is an empty name.
 */
int name_decode(const char *file_name, struct buf *out);

struct named {
	const char *id;   /* borrowed; unique, of [A-Za-z0-9_-], 1 to 64 bytes (see decode) */
	const char *name; /* borrowed; NULL or empty: unnamed */
	char *file_name;  /* out; owned by the caller */
};
/* By file name, for qsort(3) and merge_sort. */
int named_order(const void *a, const void *b);

/*
 * Give each of `n` objects its file name: unique, at most FILE_NAME_MAX bytes, never "." or "..".
 * An object gets its name without id only if no other has that name, and if it cannot be mistaken
 * for the `name@id` or `@id` of another: it must not end in '@' and the id of another object in
 * the set. Deterministic: depends on the set, not on its order. O(n log n).
 */
void names_assign(struct named *v, size_t n);

/* The same, a part at a time. `v` is borrowed. */
struct naming {
	struct named *v;
	size_t n, at;
	struct merge_sort ids;   /* of `v` by id */
	struct merge_sort names; /* of `v` by encoded name */
	bool encoded;
	bool shared; /* the name at `at` is that of the one before, too */
};
void naming_begin(struct naming *x, struct named *v, size_t n);
/* Go on for about *budget names or comparisons, which are subtracted from it. True: all have their
 * file names. */
bool naming_step(struct naming *x, size_t *budget);
void naming_finish(struct naming *x); /* does not free the file names */

/*
 * The file name of one object, by the same rule. `shared`: another object of the set has its name;
 * is_id(): does an object of the set have this id? The caller frees it.
 */
char *name_in_set(const char *id, const char *name, bool shared,
		  bool (*is_id)(const void *set, const char *id), const void *set);
/* The id that `name` would be mistaken to end in, if an object of the set has it; NULL: none. */
const char *name_ends_in_id(const char *name);

#endif

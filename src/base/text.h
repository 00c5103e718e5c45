/* SPDX-License-Identifier: MIT */
/*
 * text: strings, UTF-8, and cleaning of text from outside before it is shown.
 */
#ifndef PSCALEFS_TEXT_H
#define PSCALEFS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/*
 * The number of edits from one word to another: a letter inserted, deleted or changed, or two
 * neighbours swapped. SIZE_MAX if either has more than STR_EDITS_MAX bytes.
 */
size_t str_edits(const char *a, const char *b);
#define STR_EDITS_MAX 128
/* How many edits count as a typing error in a word of `len` bytes: 2, or a quarter of it. */
size_t str_slip(size_t len);

/*
 * Copy `text` of `len` bytes for a terminal or a log: control characters, marks that change the
 * direction of writing and invalid UTF-8 become '?' (tab and newline a blank), cut on a character
 * boundary to fit `size`. What looks like a PlanetScale secret becomes "pscale_tkn_***": a server
 * may repeat it, or a user may have typed it in the wrong place.
 */
void text_clean(char *out, size_t size, const char *text, size_t len);
/* Length of the UTF-8 sequence at `s`; 0 if invalid (overlong, surrogate, too large, cut off). */
size_t utf8_len(const char *s, size_t left);
/* Is `s[0..len)` (with len = utf8_len) a control character: C0, DEL or C1? */
bool utf8_control(const char *s, size_t len);

#endif

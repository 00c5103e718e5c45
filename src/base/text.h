/* SPDX-License-Identifier: MIT */
/*
 * text: strings, UTF-8, and what may be shown of a text from outside.
 */
#ifndef PSCALEFS_TEXT_H
#define PSCALEFS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/*
 * Edits from one word to another: letters put in, left out, changed, or two neighbours swapped.
 * SIZE_MAX if either has more than STR_EDITS_MAX bytes.
 */
size_t str_edits(const char *a, const char *b);
#define STR_EDITS_MAX 128
/* As many edits may be slips of the finger in a word of `len` bytes: 2, or a quarter of it. */
size_t str_slip(size_t len);

/*
 * Copy `text` of `len` bytes with control characters, marks that turn the direction of writing and
 * invalid UTF-8 replaced by '?' (tab and newline by a blank), cut to fit `size` on a character
 * boundary: what goes to a terminal or a log. What looks like a secret of PlanetScale's, because a
 * server repeats it or somebody typed it in the wrong place, becomes "pscale_tkn_***".
 */
void text_clean(char *out, size_t size, const char *text, size_t len);
/* Bytes of the UTF-8 sequence at `s`; 0 if it is none (overlong, surrogate, too large, cut off). */
size_t utf8_len(const char *s, size_t left);
/* Is `s[0..len)` (with len = utf8_len) a control character: C0, DEL or C1? */
bool utf8_control(const char *s, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * json_text: writes JSON text; json reads it.
 */
#ifndef PSCALEFS_JSON_TEXT_H
#define PSCALEFS_JSON_TEXT_H

#include "base/buf.h"

/* Append `s` as a JSON string, quotes included, as json_print() does; `s` must be valid UTF-8. */
void buf_add_json(struct buf *b, const char *s);
/*
 * Stands for U+0000 in a text that came from JSON, because a NUL would end the string: valid UTF-8
 * does not contain these bytes. Half a surrogate pair, which JSON can hold and UTF-8 cannot, is
 * kept as three bytes, 0xED and two more. buf_add_json() escapes both again.
 */
#define JSON_NUL "\xc0\x80"
/* Append JSON text unchanged, except that the two kinds of bytes above are escaped. */
void buf_add_json_text(struct buf *b, const char *json);
/* Append JSON text that has no blanks between its parts, indented, with one value a line. */
void buf_add_json_lines(struct buf *b, const char *json);

#endif

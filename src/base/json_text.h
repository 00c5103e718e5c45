/* SPDX-License-Identifier: MIT */
/*
 * json_text: JSON text, written. What reads it is json.
 */
#ifndef PSCALEFS_JSON_TEXT_H
#define PSCALEFS_JSON_TEXT_H

#include "base/buf.h"

/* Append `s` as a JSON string, quotes included; `s` must be valid UTF-8. */
void buf_add_json(struct buf *b, const char *s);
/*
 * What stands for U+0000 in a text from JSON, where it cannot end the text: no valid UTF-8 has it.
 * Half a surrogate pair, which JSON can hold and UTF-8 cannot, is three bytes, 0xED and two more.
 * buf_add_json() escapes both again.
 */
#define JSON_NUL "\xc0\x80"
/* JSON text as it is, but for these, which are escaped. */
void buf_add_json_text(struct buf *b, const char *json);
/* Append a JSON text that has no blanks between its parts: a value a line, indented. */
void buf_add_json_lines(struct buf *b, const char *json);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * util: memory that cannot fail, formatted strings, growing arrays and
 * splitting of text, for the emulator only.
 *
 * A test tool has nothing sensible to do without memory, so these abort.
 * Nothing here knows HTTP, JSON or PlanetScale.
 */
#ifndef EMULATOR_UTIL_H
#define EMULATOR_UTIL_H

#include <stdbool.h>
#include <stddef.h>

/* Frees *`slot` and stores a copy of `text` (which may be NULL) in it. */
void replace_string(char **slot, const char *text);

/* Whether `word` is one of the words of `list`, which are divided by `divider`. */
bool list_contains(const char *list, char divider, const char *word);

/* A whole decimal number within [`min`, `max`] and nothing else. */
bool parse_number(const char *text, long long min, long long max, long long *value);

/* Whether `size` bytes are well-formed UTF-8 without overlong forms and surrogates. */
bool utf8_valid(const char *bytes, size_t size);

/* The whole file, NUL-terminated, or NULL with errno set; the caller frees it. */
char *read_file(const char *path, size_t *size);

/* Writes a file so that readers see the old or the new one; 0 or a negative errno. */
int write_file_atomically(const char *path, const char *bytes, size_t size, unsigned mode);

#endif

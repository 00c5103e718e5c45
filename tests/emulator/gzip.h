/* SPDX-License-Identifier: MIT */
/*
 * gzip: compresses an answer. Only whole bodies; no streams.
 */
#ifndef EMULATOR_GZIP_H
#define EMULATOR_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces *`bytes`, an allocation, by its gzip form; false leaves it as it is. */
bool gzip_replace(char **bytes, size_t *size);

#endif

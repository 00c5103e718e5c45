/* SPDX-License-Identifier: MIT */
/*
 * ops_input: reads the input of fuzz_ops byte by byte; after its end it returns zeros.
 *
 * Most choices are indices into tables of useful values, so that a few bytes make a useful test.
 */
#ifndef PSCALEFS_FUZZ_OPS_INPUT_H
#define PSCALEFS_FUZZ_OPS_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void input_begin(const uint8_t *data, size_t size);
size_t input_left(void);

unsigned take(void);
/* Takes fewer than `most` bytes, borrowed from the input. */
size_t take_bytes(size_t most, const char **bytes);
char *take_name(void); /* a file name that the kernel accepts; owned by the caller */
void take_data(struct buf *out);
uint64_t take_offset(void);

#endif

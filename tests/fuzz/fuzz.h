/* SPDX-License-Identifier: MIT */
/*
 * fuzz: what the fuzzers share. If a property does not hold, CHECK aborts, also with NDEBUG, so
 * that libFuzzer and the driver that replays inputs both notice.
 */
#ifndef PSCALEFS_FUZZ_H
#define PSCALEFS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(claim)                                                                               \
	do {                                                                                       \
		if (!(claim)) {                                                                    \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim);      \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Is this valid UTF-8 without control characters, which a terminal can show? */
static inline bool printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(s + i, len - i);
		if (n == 0 || utf8_control(s + i, n))
			return false;
		i += n;
	}
	return true;
}

#endif

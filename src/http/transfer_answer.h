/* SPDX-License-Identifier: MIT */
/*
 * transfer_answer: receives the answer of a transfer, bytes and header lines; no libcurl here.
 */
#ifndef PSCALEFS_TRANSFER_ANSWER_H
#define PSCALEFS_TRANSFER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "http/transfer.h"

/*
 * Append to the answer. It may hold a new token's secret, so the old memory is wiped when it
 * grows.
 */
void transfer_add(struct transfer *t, const char *data, size_t len);
/* If `line` is the header `name`, its value to `out`, cleaned and without blanks around it. */
bool transfer_header(const char *line, size_t len, const char *name, char *out, size_t size);

#endif

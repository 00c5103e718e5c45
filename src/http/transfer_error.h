/* SPDX-License-Identifier: MIT */
/*
 * transfer_error: what it means that a transfer failed: errno, sentence, whether another try can
 * help. A part of transfer, for transfer.c alone; knows libcurl's codes, starts and ends nothing.
 */
#ifndef PSCALEFS_TRANSFER_ERROR_H
#define PSCALEFS_TRANSFER_ERROR_H

#include <stddef.h>

#include "http/transfer.h"

#define HEADERS_MAX     ((size_t)256 << 10)
#define HEADER_LINE_MAX ((size_t)100 << 10) /* libcurl's own, which cannot be set */

/* Sets t->status to 0, t->error, t->repeat and t->http1 by a CURLcode other than CURLE_OK; before
 * the transfer's easy handle is let go of. */
void transfer_error(struct transfer *t, int curl_code, const char *host, size_t body_max_bytes);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * transfer_error: the meaning of a failed transfer: errno, sentence, and whether another attempt
 * can help. A part of transfer, for transfer.c only; knows libcurl's codes, does not start or end
 * transfers.
 */
#ifndef PSCALEFS_TRANSFER_ERROR_H
#define PSCALEFS_TRANSFER_ERROR_H

#include <stddef.h>

#include "http/transfer.h"

#define HEADERS_MAX     ((size_t)256 << 10)
#define HEADER_LINE_MAX ((size_t)100 << 10) /* libcurl's own, which cannot be set */

/* Sets t->status to 0, and t->error, t->repeat and t->http1 from a CURLcode other than CURLE_OK;
 * call it before the transfer's easy handle is released. */
void transfer_error(struct transfer *t, int curl_code, const char *host, size_t body_max_bytes);

#endif

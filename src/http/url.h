/* SPDX-License-Identifier: MIT */
/*
 * url: addresses as text: whether a credential may be sent there, the port, and one path segment.
 *
 * Pure; resolves nothing. Credentials may be sent by https to any host, by http to this machine
 * only.
 */
#ifndef PSCALEFS_URL_H
#define PSCALEFS_URL_H

#include <stdint.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * "https://HOST[:PORT][/PATH]", or http:// with a loopback HOST (127.0.0.0/8, [::1], localhost);
 * no user, query or fragment. A copy without trailing slashes, owned by the caller, or NULL with a
 * sentence. Never quotes the address: it may hold a password.
 */
char *url_check(const char *url, struct error *e);

/*
 * The port of a URL or of a proxy's address, which may have no scheme. If none is given: `https`
 * for https://, `other` for everything else. 0: it cannot be a port.
 */
uint16_t url_port(const char *url, uint16_t https, uint16_t other);

/*
 * Percent-encode one segment of a URL path (RFC 3986 unreserved characters stay). False if it is
 * empty, "." or "..", which cannot be a segment of a URL.
 */
bool url_segment(const char *segment, struct buf *out);

#endif

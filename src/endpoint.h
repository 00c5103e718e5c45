/*
 * endpoint: may a credential be sent to this address?
 *
 * Pure text; resolves nothing. https to anywhere, http to this machine only.
 */
#ifndef PSCALEFS_ENDPOINT_H
#define PSCALEFS_ENDPOINT_H

#include "error.h"

/*
 * "https://HOST[:PORT][/PATH]", or http:// with a loopback HOST (127.0.0.0/8, [::1], localhost); no
 * user, query or fragment. A copy without trailing slashes, owned by the caller, or NULL with a
 * sentence. Never quotes the address: it may hold a password.
 */
char *endpoint_check(const char *url, struct error *e);

/*
 * The port of a URL or of a proxy's address, which needs no scheme; where none is given, `https`
 * for https:// and `other` for all else. 0: it cannot be one.
 */
uint16_t endpoint_port(const char *url, uint16_t https, uint16_t other);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * probe: one exchange with a server to find out which step of it fails: the name, the connection,
 * TLS or HTTP. For `pscalefs check`; blocks.
 *
 * A transfer without a credential, whose content is not looked at: any status is an answer.
 */
#ifndef PSCALEFS_PROBE_H
#define PSCALEFS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum probe_step {
	PROBE_NAME,    /* an address was found (the proxy's, if there is one) */
	PROBE_CONNECT, /* over TCP */
	PROBE_TLS,     /* https only: the certificate is trusted */
	PROBE_HTTP,    /* an answer came */
	PROBE_STEPS
};

struct probe {
	bool done[PROBE_STEPS];
	char address[64];   /* after PROBE_CONNECT */
	int64_t date_s;     /* of its Date header, since 1970; -1: none */
	int64_t local_s;    /* our clock when the answer came */
	struct error error; /* why the first step that is not done failed */
};

/* `ca_file` NULL: the system's certificates. Call it before http_new() or after http_free(). */
void probe_run(const char *base_url, const char *path, const char *ca_file, int64_t timeout_ms,
	       struct probe *out);

#endif

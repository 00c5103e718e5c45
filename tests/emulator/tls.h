/* SPDX-License-Identifier: MIT */
/*
 * tls: throw-away certificates for 127.0.0.1 and localhost, made at start:
 * a CA to trust and a server certificate, good or bad as a test wants.
 * Serving TLS is libmicrohttpd's part.
 */
#ifndef EMULATOR_TLS_H
#define EMULATOR_TLS_H

#include <stdbool.h>
#include <stdio.h>

struct tls_files {
	char *ca_path;         /* owned: the CA a client should trust */
	char *certificate_pem; /* owned: of the server */
	char *key_pem;         /* owned */
};

/* The kinds of certificate, as "good|untrusted|…". */
extern const char *const tls_kinds;

/*
 * Makes everything and writes ca.pem, server.pem and server.key to `directory`,
 * which is created if need be. Returns 0 or a negative errno; GnuTLS's own
 * errors go to stderr and are -EIO.
 */
int tls_make(struct tls_files *files, const char *directory, const char *kind);
void tls_finish(struct tls_files *files);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ops: the oracle without a kernel. ops_vfs.c turns each system call into the requests that the
 * kernel would make; ops_api.c is PlanetScale; ops_mount.c runs pscalefs between them. ops_main.c
 * is the program, ../fuzz/fuzz_oracle.c the fuzzer.
 *
 * Each sequence gets a new mount. Between two calls, changes under way may go on or not. This is
 * the only random decision that is not in the sequence; it follows from the seed.
 */
#ifndef ORACLE_OPS_H
#define ORACLE_OPS_H

#include "fake_calls.h"
#include "fs/fs.h"
#include "run.h"

/* --- ops_api.c: PlanetScale, with one token, "ci" (t1), and one database, "shop" (d1) --------- */

void api_begin(scopes granted);
scopes api_granted(void);
/* Answer this call, as PlanetScale would. */
void api_answer(struct http_call *c);
/* What was granted and revoked since api_begin(). Borrowed. */
const struct change *api_changes(size_t *n);
/* The simulated time: each call returns one more. */
int64_t api_now(void);

/* --- ops_vfs.c -------------------------------------------------------------------------------- */

extern const struct op_sink vfs_sink;
/* `run` runs pscalefs until the request has its reply. Each `generation` has different
 * processes. */
void vfs_begin(struct fs *fs, void (*run)(const bool *replied), unsigned generation);
bool vfs_open_directory(void); /* the one of `permissions`; false: it cannot be found */
void vfs_end(void);            /* closes all files, and forgets all nodes */
void vfs_call(const struct call *c, struct result *out);

/* --- ops_mount.c ------------------------------------------------------------------------------ */

extern const struct subject mount_subject;
void mount_pace(uint64_t seed); /* decides when PlanetScale answers, from the next sequence on */
void mount_end(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ops: the oracle without a kernel: ops_vfs.c makes of each system call the requests that the kernel
 * makes of it, ops_api.c is PlanetScale, ops_mount.c has pscalefs between them. ops_main.c is the
 * program, ../fuzz/fuzz_oracle.c the fuzzer.
 *
 * The mount is made anew for each sequence. Between two calls what is under way goes on, or not yet:
 * that is the one thing here that is by chance and not in the sequence, and it follows from the seed.
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
/* The time of this world: one more with each question. */
int64_t api_now(void);

/* --- ops_vfs.c -------------------------------------------------------------------------------- */

extern const struct op_sink vfs_sink;
/* `run` lets pscalefs go on until the request has its reply. The processes of one `generation` are
 * not those of another. */
void vfs_begin(struct fs *fs, void (*run)(const bool *replied), unsigned generation);
bool vfs_open_directory(void); /* of `permissions`; false: it cannot be found */
void vfs_end(void);            /* closes all, and forgets all nodes */
void vfs_call(const struct call *c, struct result *out);

/* --- ops_mount.c ------------------------------------------------------------------------------ */

extern const struct subject mount_subject;
void mount_pace(uint64_t seed); /* how quickly PlanetScale answers, from the next sequence on */
void mount_end(void);

#endif

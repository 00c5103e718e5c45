/* SPDX-License-Identifier: MIT */
/*
 * kernel: what main.c, actors.c, tmpfs.c and emulator.c share: the oracle on a real mount.
 *
 * Each worker has its own service token, processes that make the calls, and a directory on a tmpfs.
 * It sends the calls to the processes one by one, so that their order is known.
 */
#ifndef ORACLE_KERNEL_H
#define ORACLE_KERNEL_H

#include "run.h"

/* --- actors.c: the processes ------------------------------------------------------------------ */

struct actors;
/* `directory`: the one that contains `permissions`. */
struct actors *actors_new(const char *directory);
void actors_free(struct actors *a);
/* Start the processes of `alive`, and end the others. Unless everything is `clean` anyway, also end
 * and restart those that may have files open. False: a process cannot be ended. */
bool actors_reset(struct actors *a, const bool alive[PROCESSES], bool clean);
/* False: no answer within 30 s. */
bool actors_call(struct actors *a, const struct call *c, struct result *out);

/* --- tmpfs.c: the regular file ---------------------------------------------------------------- */

/* `directory`: an empty one on a tmpfs. Only one at a time. */
const struct mirror *tmpfs_begin(const char *directory);
void tmpfs_reset(void); /* close everything and remove all files */

/* --- emulator.c ------------------------------------------------------------------------------- */

/* These exit on failure. */
void emulator_at(const char *url); /* to be called in each process */
void emulator_add_token(const char *name, char id[32]);
/* Appends to `v`, which has `size` elements, what was granted and revoked since the last call. */
size_t emulator_changes(const char *token, struct change *v, size_t size);
void emulator_forget_log(void);

int64_t now_us(void);

#endif

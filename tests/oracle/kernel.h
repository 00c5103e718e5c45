/* SPDX-License-Identifier: MIT */
/*
 * kernel: what main.c, actors.c, tmpfs.c and emulator.c share: the oracle on a real mount.
 *
 * A worker has a service token of its own, processes that make its calls, and a directory on a
 * tmpfs. The calls go to the processes one by one, so that their order is known.
 */
#ifndef ORACLE_KERNEL_H
#define ORACLE_KERNEL_H

#include "run.h"

/* --- actors.c: the processes ------------------------------------------------------------------ */

struct actors;
/* `directory`: of `permissions`. */
struct actors *actors_new(const char *directory);
void actors_free(struct actors *a);
/* Those of `alive` live, the others do not. Unless all is `clean` anyway, who has anything open is
 * ended. False: one cannot be. */
bool actors_reset(struct actors *a, const bool alive[PROCESSES], bool clean);
/* False: no answer within 30 s. */
bool actors_call(struct actors *a, const struct call *c, struct result *out);

/* --- tmpfs.c: the regular file ---------------------------------------------------------------- */

/* `directory`: on a tmpfs, empty; there is one of them. */
const struct mirror *tmpfs_begin(const char *directory);
void tmpfs_reset(void); /* nothing open, no files */

/* --- emulator.c ------------------------------------------------------------------------------- */

/* Both exit if the emulator does not do it. */
void emulator_at(const char *url); /* in each process of its own */
void emulator_add_token(const char *name, char id[32]);
/* What was granted and revoked since the last time, appended to `v` of `size`. */
size_t emulator_changes(const char *token, struct change *v, size_t size);
void emulator_forget_log(void);

int64_t now_us(void);

#endif

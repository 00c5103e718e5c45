/* SPDX-License-Identifier: MIT */
/*
 * session: the interface to libfuse. Mounts; makes ops of the kernel's requests, and sends replies.
 *
 * Owns the FUSE session. Receives without blocking, when the loop calls it. Notifies the kernel only
 * through the notifier, and only of attributes (rule 14 of src/README.md). Knows nothing of the
 * tree: fs does.
 */
#ifndef PSCALEFS_SESSION_H
#define PSCALEFS_SESSION_H

#include <stdbool.h>

#include "fs/fs.h"
#include "mount/config.h"

struct session;

/* The sink that fs replies to. */
extern const struct op_sink session_sink;

/* Mounts at config->mountpoint, without answering requests yet. NULL with a sentence on failure. */
struct session *session_new(const struct config *config, struct error *e);
/* Unmounts (lazily, so that open files do not prevent it). Takes NULL. */
void session_free(struct session *s);
void session_serve(struct session *s, struct fs *fs);

/* From now on the kernel may keep copies: starts the notifier. Call it in the sandbox. */
void session_let_keep(struct session *s);
/* Readable when the kernel has forgotten something: then call session_told(). -1: there is none. */
int session_notifier_fd(const struct session *s);
void session_told(struct session *s);

int session_fd(const struct session *s);
/* Look for a request until this time (clock_precise_ns()), without sleeping. True: there is one, or
 * the end of the session. */
bool session_await(const struct session *s, int64_t until_ns);
/* Handle the requests that have arrived, at most `most`. */
void session_receive(struct session *s, unsigned most);
/* True if it was unmounted from outside, or the connection to the kernel is closed. */
bool session_ended(const struct session *s);
/* Has it ended because it was unmounted? Not if only the connection was aborted: then the mount is still
 * there, and files may be open. */
bool session_unmounted(const struct session *s);
/* The version of libfuse in use ("3.14.0"), for -V. */
const char *session_library_version(void);

#endif

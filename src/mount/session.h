/* SPDX-License-Identifier: MIT */
/*
 * session: the seam to libfuse. Mounts, turns kernel requests into ops and replies into answers.
 *
 * Owns the FUSE session. Receives without blocking; the loop says when. Never calls
 * fuse_lowlevel_notify_* (rule 14 of src/README.md): while a request on the same directory is open,
 * the kernel would hold the one thread that could answer it. Decides nothing about the tree: fs does.
 */
#ifndef PSCALEFS_SESSION_H
#define PSCALEFS_SESSION_H

#include <stdbool.h>

#include "fs/fs.h"
#include "mount/config.h"

struct session;

/* The sink that fs replies to. */
extern const struct op_sink session_sink;

/* Mounts at config->mountpoint and answers nothing yet. NULL with a sentence. */
struct session *session_new(const struct config *config, struct error *e);
/* Unmounts (lazily, if somebody is inside). Takes NULL. */
void session_free(struct session *s);
void session_serve(struct session *s, struct fs *fs);

int session_fd(const struct session *s);
/* Handle what is there, at most `most` requests. */
void session_receive(struct session *s, unsigned most);
/* Unmounted from outside, or the connection to the kernel is gone. */
bool session_ended(const struct session *s);
/* "3.14.0" of the library in use, for -V. */
const char *session_library_version(void);

#endif

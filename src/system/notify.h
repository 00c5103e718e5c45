/* SPDX-License-Identifier: MIT */
/*
 * notify: tells the service manager how the service is (the protocol of sd_notify(3)), without its
 * library.
 *
 * Each message is one datagram to the socket that $NOTIFY_SOCKET names. The socket is opened and
 * connected at the start, because the sandbox forbids both later. Nothing here waits or fails: a
 * message that cannot be sent is logged, and the service goes on. Where no service manager asks to
 * be told, every function does nothing.
 */
#ifndef PSCALEFS_NOTIFY_H
#define PSCALEFS_NOTIFY_H

#include "base/error.h"

struct notify {
	int fd; /* owned; -1: nobody to tell */
};

/*
 * Connect to the socket in $NOTIFY_SOCKET: a path, or the name of an abstract socket after '@'.
 * The variable is removed, so that no program that is started later can speak for this one.
 */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

/* A status is one line for a person. It may hold text from outside, but no secret. */
void notify_ready(const struct notify *n, const char *status);
/* A configuration is read again; notify_ready() says when that has ended. */
void notify_reloading(const struct notify *n);
void notify_stopping(const struct notify *n, const char *status);
void notify_status(const struct notify *n, const char *status);
/* The service does not start, for this reason. */
void notify_failed(const struct notify *n, const struct error *e);

#endif

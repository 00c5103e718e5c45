/* SPDX-License-Identifier: MIT */
/*
 * log_syslog: lines for the system log, without ever waiting for it.
 *
 * syslog(3) blocks when nobody empties the socket, and with it would the loop and everybody in the
 * file system. Here a line that is not taken at once is lost, and how many were is said as soon as
 * one is taken again. Each line goes to whoever is bound to the address by then, so a system log
 * that was started anew is found by itself. Owns the socket.
 */
#ifndef PSCALEFS_LOG_SYSLOG_H
#define PSCALEFS_LOG_SYSLOG_H

#define SYSLOG_ADDRESS "/dev/log"

struct syslog {
	const char *address; /* of a datagram socket; borrowed */
	int fd;              /* -1: none yet */
	unsigned long lost;  /* lines, since one was taken */
};

/* clang-format off */
#define SYSLOG_INIT {SYSLOG_ADDRESS, -1, 0}
/* clang-format on */

/* `priority`: a level of syslog.h; the facility is LOG_DAEMON. Never blocks. */
void syslog_line(struct syslog *s, int priority, const char *line);

#endif

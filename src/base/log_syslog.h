/* SPDX-License-Identifier: MIT */
/*
 * log_syslog: sends lines to the system log without ever waiting for it.
 *
 * syslog(3) blocks when the socket's queue is full; the loop, and every caller in the file system,
 * would block with it. Here a line that is not accepted at once is lost, and the number of lost
 * lines is logged as soon as one is accepted again. Each line is sent to the socket that is bound
 * to the address at that time, so a restarted system log is found again. Owns the socket.
 */
#ifndef PSCALEFS_LOG_SYSLOG_H
#define PSCALEFS_LOG_SYSLOG_H

#define SYSLOG_ADDRESS "/dev/log"

struct syslog {
	const char *address; /* of a datagram socket; borrowed */
	int fd;              /* -1: none yet */
	unsigned long lost;  /* lines, since the last that was accepted */
};

/* clang-format off */
#define SYSLOG_INIT {SYSLOG_ADDRESS, -1, 0}
/* clang-format on */

/* `priority`: a level of syslog.h; the facility is LOG_DAEMON. Never blocks. */
void syslog_line(struct syslog *s, int priority, const char *line);

#endif

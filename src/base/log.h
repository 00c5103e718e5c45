/* SPDX-License-Identifier: MIT */
/*
 * log: one line an event, to standard error or (in the background) to the system log.
 *
 * Callers never pass secrets: a `struct secret` can only be printed by secret_expose(), and no
 * argument of log comes from it. Text from outside is made printable here.
 */
#ifndef PSCALEFS_LOG_H
#define PSCALEFS_LOG_H

#include <stdbool.h>

#include "base/macros.h"

enum log_level {
	LEVEL_ERROR,
	LEVEL_WARNING,
	LEVEL_NOTICE,
	LEVEL_DETAIL
};

/* This and the target of log_to_syslog() are the only mutable globals of the program. Default:
 * LEVEL_NOTICE to standard error. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* From now on to the system log (log_syslog.h), for a daemon without a terminal. */
void log_to_syslog(void);

void log_line(enum log_level level, const char *fmt, ...) printf_like(2, 3);
#define log_error(...)   log_line(LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LEVEL_NOTICE, __VA_ARGS__)
/* Debugging (-d): the arguments are evaluated only when it is on. */
#define log_detail(...)                                                                            \
	do {                                                                                       \
		if (log_enabled(LEVEL_DETAIL))                                                     \
			log_line(LEVEL_DETAIL, __VA_ARGS__);                                       \
	} while (0)

#endif

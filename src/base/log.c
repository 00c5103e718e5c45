/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "base/log_syslog.h"
#include "base/text.h"

static enum log_level threshold = LEVEL_NOTICE;
static struct syslog system_log = SYSLOG_INIT;
static bool use_syslog;

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_enabled(enum log_level level)
{
	return level <= threshold;
}

void log_to_syslog(void)
{
	tzset(); /* reads a file, which the sandbox forbids later */
	use_syslog = true;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const struct {
		const char *name;
		int priority;
	} levels[] = {
		[LEVEL_ERROR] = {"error", LOG_ERR},
		[LEVEL_WARNING] = {"warning", LOG_WARNING},
		[LEVEL_NOTICE] = {"notice", LOG_NOTICE},
		[LEVEL_DETAIL] = {"debug", LOG_DEBUG},
	};
	char raw[2048], line[2048];
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	int n = vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	text_clean(line, sizeof(line), raw, (size_t)n < sizeof(raw) ? (size_t)n : sizeof(raw) - 1);
	if (use_syslog)
		syslog_line(&system_log, levels[level].priority, line);
	else
		fprintf(stderr, "pscalefs: %s: %s\n", levels[level].name, line);
}

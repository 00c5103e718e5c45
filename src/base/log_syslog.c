/* SPDX-License-Identifier: MIT */
#include "base/log_syslog.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"

/* The format that syslog(3) sends to /dev/log (RFC 3164, without the host's name). */
static void compose(struct buf *out, int priority, const char *line)
{
	time_t now = time(NULL);
	char stamp[16] = "";
	struct tm tm;

	if (localtime_r(&now, &tm) != NULL)
		strftime(stamp, sizeof(stamp), "%b %e %T", &tm);
	buf_addf(out, "<%d>%s pscalefs[%d]: %s", LOG_DAEMON | priority, stamp, (int)getpid(), line);
}

static bool send_line(struct syslog *s, int priority, const char *line)
{
	cleanup(buf_finish) struct buf text = BUF_INIT;
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (s->fd < 0)
		s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return false;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", s->address);
	compose(&text, priority, line);
	return sendto(s->fd, text.data, text.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&to, sizeof(to)) >= 0;
}

/* Report the lost lines before the next line, so that the report is where the gap is. */
static bool report_lost(struct syslog *s)
{
	char line[96];

	if (s->lost == 0)
		return true;
	snprintf(line, sizeof(line), "%lu lines were lost: the system log did not take them",
		 s->lost);
	if (!send_line(s, LOG_WARNING, line))
		return false;
	s->lost = 0;
	return true;
}

void syslog_line(struct syslog *s, int priority, const char *line)
{
	if (!report_lost(s) || !send_line(s, priority, line))
		s->lost++;
}

/* SPDX-License-Identifier: MIT */
#include "base/error_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

void error_log_finish(struct error_log *j)
{
	for (size_t i = 0; i < ERROR_LOG_ENTRIES; i++)
		free(j->entry[i]);
	*j = (struct error_log){0};
}

const char *error_log_add(struct error_log *j, int64_t wall_s,
			  const struct error_log_caller *caller, const struct error *e)
{
	struct buf line = BUF_INIT;
	char time[24], path[1024];
	char **slot = &j->entry[j->count++ % ERROR_LOG_ENTRIES];
	const char *name = strerrorname_np(e->err);

	time_format(wall_s, time);
	text_clean(path, sizeof(path), caller->path, strlen(caller->path));
	buf_addf(&line, "%s ", time);
	if (caller->pid > 0)
		buf_addf(&line, "pid %d (%s) ", (int)caller->pid, caller->command);
	buf_addf(&line, "%s %s: %s (%s): %s", caller->operation, path, name != NULL ? name : "?",
		 strerrordesc_np(e->err), e->text);
	if (e->http_status > 0)
		buf_addf(&line, "; HTTP %d", e->http_status);
	if (e->code[0] != '\0')
		buf_addf(&line, "; code %s", e->code);
	if (e->request_id[0] != '\0')
		buf_addf(&line, "; request %s", e->request_id);
	if (e->hint[0] != '\0')
		buf_addf(&line, "; next: %s", e->hint);
	free(*slot);
	*slot = buf_take(&line);
	j->changed_ns = wall_s * 1000000000;
	return *slot;
}

void error_log_print(const struct error_log *j, struct buf *out)
{
	size_t n = j->count < ERROR_LOG_ENTRIES ? j->count : ERROR_LOG_ENTRIES;

	for (size_t i = j->count - n; i < j->count; i++)
		buf_addf(out, "%s\n", j->entry[i % ERROR_LOG_ENTRIES]);
}

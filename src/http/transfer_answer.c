/* SPDX-License-Identifier: MIT */
#include "http/transfer_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/xmalloc.h"

void transfer_add(struct transfer *t, const char *data, size_t len)
{
	if (t->answer_len + len + 1 > t->answer_cap) {
		size_t kept = t->answer_len, cap = 2 * (kept + len) + 4096;
		char *grown = xmalloc(cap);

		if (kept > 0)
			memcpy(grown, t->answer, kept);
		transfer_finish(t);
		t->answer = grown;
		t->answer_len = kept;
		t->answer_cap = cap;
	}
	memcpy(t->answer + t->answer_len, data, len);
	t->answer_len += len;
	t->answer[t->answer_len] = '\0';
}

bool transfer_header(const char *line, size_t len, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return false;
	for (line += n + 1, len -= n + 1; len > 0 && (*line == ' ' || *line == '\t'); len--)
		line++;
	while (len > 0 && memchr(" \t\r\n", line[len - 1], 4) != NULL)
		len--;
	text_clean(out, size, line, len);
	return true;
}

void transfer_finish(struct transfer *t)
{
	secret_wipe(t->answer, t->answer_len);
	free(t->answer);
	t->answer = NULL;
	t->answer_len = 0;
	t->answer_cap = 0;
}

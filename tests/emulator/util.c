/* SPDX-License-Identifier: MIT */
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xmalloc.h"

void replace_string(char **slot, const char *text)
{
	char *copy = xstrdup(text);

	free(*slot);
	*slot = copy;
}

bool list_contains(const char *list, char divider, const char *word)
{
	size_t length = strlen(word);

	while (list && *list) {
		const char *end = strchrnul(list, divider);

		if ((size_t)(end - list) == length && !strncmp(list, word, length))
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

bool parse_number(const char *text, long long min, long long max, long long *value)
{
	char *end = NULL;
	long long number;

	if (!isdigit((unsigned char)*text) && !(*text == '-' && isdigit((unsigned char)text[1])))
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*value = number;
	return true;
}

bool utf8_valid(const char *bytes, size_t size)
{
	size_t len = 0;

	for (size_t at = 0; at < size; at += len) {
		len = utf8_len(bytes + at, size - at);
		if (len == 0)
			return false;
	}
	return true;
}

char *read_file(const char *path, size_t *size)
{
	char *bytes = NULL;
	size_t used = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return NULL;
	for (;;) {
		size_t got;

		bytes = xrealloc(bytes, used + 65537);
		got = fread(bytes + used, 1, 65536, file);
		used += got;
		if (got < 65536)
			break;
	}
	if (ferror(file)) {
		free(bytes);
		bytes = NULL;
	} else {
		bytes[used] = '\0';
		*size = used;
	}
	fclose(file);
	return bytes;
}

static int write_bytes(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		size -= (size_t)written;
	}
	return fsync(fd) ? -errno : 0;
}

int write_file_atomically(const char *path, const char *bytes, size_t size, unsigned mode)
{
	char *temporary = xasprintf("%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	int error = fd < 0 ? -errno : write_bytes(fd, bytes, size);

	if (fd >= 0 && close(fd) && !error)
		error = -errno;
	if (!error && rename(temporary, path))
		error = -errno;
	if (error && fd >= 0)
		unlink(temporary);
	free(temporary);
	return error;
}

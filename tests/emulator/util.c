/* SPDX-License-Identifier: MIT */
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *memory)
{
	if (!memory) {
		fputs("pscale-emulator: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *need_memory(size_t size_bytes)
{
	return checked(calloc(1, size_bytes ? size_bytes : 1));
}

char *copy_string(const char *text)
{
	return text ? checked(strdup(text)) : NULL;
}

char *format_string(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return checked(text);
}

void replace_string(char **slot, const char *text)
{
	char *copy = copy_string(text);

	free(*slot);
	*slot = copy;
}

void *grow_array(void *items, size_t count, size_t item_bytes)
{
	size_t room = count ? count : 4;

	if (count && (count < 4 || (count & (count - 1))))
		return items;
	return checked(reallocarray(items, room * 2, item_bytes));
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

bool contains_nocase(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
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

/* How many bytes follow a leading byte, and the smallest number they may mean. */
static int utf8_tail(unsigned char lead, uint32_t *bits, uint32_t *least)
{
	if (lead < 0x80) {
		*bits = lead;
		*least = 0;
		return 0;
	}
	if (lead >= 0xc2 && lead <= 0xdf) {
		*bits = lead & 0x1f;
		*least = 0x80;
		return 1;
	}
	if (lead >= 0xe0 && lead <= 0xef) {
		*bits = lead & 0x0f;
		*least = 0x800;
		return 2;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*bits = lead & 0x07;
		*least = 0x10000;
		return 3;
	}
	return -1;
}

bool utf8_valid(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size;) {
		uint32_t number, least;
		int tail = utf8_tail((unsigned char)bytes[i++], &number, &least);

		if (tail < 0 || (size_t)tail > size - i)
			return false;
		for (; tail > 0; tail--, i++) {
			if (((unsigned char)bytes[i] & 0xc0) != 0x80)
				return false;
			number = number << 6 | ((unsigned char)bytes[i] & 0x3f);
		}
		if (number < least || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
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

		bytes = checked(realloc(bytes, used + 65537));
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
	char *temporary = format_string("%s.new", path);
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

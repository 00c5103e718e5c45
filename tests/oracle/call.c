/* SPDX-License-Identifier: MIT */
#include "oracle.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

/*
 * A sequence as text, one call a line:
 *
 *   mode plain
 *   start create_branch read_branch
 *   p0 open s1 permissions WRONLY|TRUNC
 *   p0 write s1 "read_branch\n"
 *   p0 close s1
 */
const char *const call_names[CALL_KINDS] = {
	[CALL_OPEN] = "open",           [CALL_READ] = "read",         [CALL_WRITE] = "write",
	[CALL_PWRITE] = "pwrite",       [CALL_WRITEV] = "writev",     [CALL_LSEEK] = "lseek",
	[CALL_FTRUNCATE] = "ftruncate", [CALL_TRUNCATE] = "truncate", [CALL_FSYNC] = "fsync",
	[CALL_FSTAT] = "fstat",         [CALL_STAT] = "stat",         [CALL_DUP] = "dup",
	[CALL_CLOSE] = "close",         [CALL_RENAME] = "rename",     [CALL_UNLINK] = "unlink",
	[CALL_FORK] = "fork",           [CALL_EXIT] = "exit",         [CALL_KILL] = "kill",
};

static const struct {
	const char *name;
	int flag;
} flag_names[] = {{"TRUNC", O_TRUNC}, {"APPEND", O_APPEND}, {"CREAT", O_CREAT}, {"EXCL", O_EXCL}};
static const char *const access_names[] = {"RDONLY", "WRONLY", "RDWR"};
static const char *const whence_names[] = {"SET", "CUR", "END"};

static void print_flags(FILE *out, int flags)
{
	fputs(access_names[flags & O_ACCMODE], out);
	for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
		if (flags & flag_names[i].flag)
			fprintf(out, "|%s", flag_names[i].name);
}

static void print_data(FILE *out, const char *data, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			fputs("\\n", out);
		else if (data[i] == '"' || data[i] == '\\' || !isprint((unsigned char)data[i]))
			fprintf(out, "\\x%02x", (unsigned char)data[i]);
		else
			fputc(data[i], out);
	}
	fputc('"', out);
}

void call_print(FILE *out, const struct call *c)
{
	fprintf(out, "p%u %s", c->process, call_names[c->kind]);
	switch ((enum call_kind)c->kind) {
	case CALL_OPEN:
		fprintf(out, " s%u %s ", c->slot, name_texts[c->name]);
		print_flags(out, c->flags);
		break;
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_PWRITE:
		fprintf(out, " s%u ", c->slot);
		if (c->kind == CALL_PWRITE)
			fprintf(out, "%" PRId64 " ", c->offset);
		if (c->kind == CALL_WRITEV)
			fprintf(out, "%u ", c->cut);
		print_data(out, c->data, c->len);
		break;
	case CALL_LSEEK:
		fprintf(out, " s%u %" PRId64 " %s", c->slot, c->offset, whence_names[c->flags]);
		break;
	case CALL_READ:
	case CALL_FTRUNCATE:
		fprintf(out, " s%u %" PRId64, c->slot, c->offset);
		break;
	case CALL_TRUNCATE:
		fprintf(out, " %s %" PRId64, name_texts[c->name], c->offset);
		break;
	case CALL_FSYNC:
	case CALL_FSTAT:
	case CALL_CLOSE:
		fprintf(out, " s%u", c->slot);
		break;
	case CALL_STAT:
	case CALL_UNLINK:
		fprintf(out, " %s", name_texts[c->name]);
		break;
	case CALL_DUP:
		fprintf(out, " s%u s%u", c->slot, c->to);
		break;
	case CALL_RENAME:
		fprintf(out, " %s %s", name_texts[c->name], name_texts[c->to]);
		break;
	case CALL_FORK:
		fprintf(out, " p%u", c->to);
		break;
	case CALL_KILL:
		fprintf(out, " %s", c->flags == SIGTERM ? "TERM" : "KILL");
		break;
	case CALL_EXIT:
	case CALL_KINDS:
		break;
	}
}

void sequence_print(FILE *out, const struct sequence *s, unsigned at, const char *remark)
{
	fprintf(out, "mode %s\nstart", mode_names[s->mode]);
	for (unsigned i = 0; i < scope_word_count; i++)
		if ((s->start >> i & 1) != 0)
			fprintf(out, " %s", scope_words[i]);
	fputc('\n', out);
	for (unsigned i = 0; i < s->n; i++) {
		call_print(out, &s->call[i]);
		fprintf(out, "%s%s\n", i == at ? "   # " : "", i == at ? remark : "");
	}
}

/* --- as a program ----------------------------------------------------------------------------- */

static void python_file_call(FILE *out, const struct call *c)
{
	switch ((int)c->kind) {
	case CALL_READ:
		fprintf(out, "os.read(f[%u], %" PRId64 ")", c->slot, c->offset);
		break;
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_PWRITE:
		fprintf(out, "os.%s(f[%u], b", c->kind == CALL_PWRITE ? "pwrite" : "write",
			c->slot);
		print_data(out, c->data, c->len);
		if (c->kind == CALL_PWRITE)
			fprintf(out, ", %" PRId64, c->offset);
		fputc(')', out);
		break;
	case CALL_LSEEK:
		fprintf(out, "os.lseek(f[%u], %" PRId64 ", os.SEEK_%s)", c->slot, c->offset,
			whence_names[c->flags]);
		break;
	case CALL_FTRUNCATE:
		fprintf(out, "os.ftruncate(f[%u], %" PRId64 ")", c->slot, c->offset);
		break;
	case CALL_FSTAT:
		fprintf(out, "os.fstat(f[%u]).st_size", c->slot);
		break;
	case CALL_DUP:
		fprintf(out, "f[%u] = os.dup(f[%u])", c->to, c->slot);
		break;
	default: /* fsync, close */
		fprintf(out, "os.%s(f[%u])", call_names[c->kind], c->slot);
	}
}

static void python_call(FILE *out, const struct call *c)
{
	switch ((int)c->kind) {
	case CALL_OPEN:
		fprintf(out, "f[%u] = os.open('%s', os.O_%s", c->slot, name_texts[c->name],
			access_names[c->flags & O_ACCMODE]);
		for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
			if (c->flags & flag_names[i].flag)
				fprintf(out, "|os.O_%s", flag_names[i].name);
		fputs(", 0o600)", out);
		break;
	case CALL_TRUNCATE:
		fprintf(out, "os.truncate('%s', %" PRId64 ")", name_texts[c->name], c->offset);
		break;
	case CALL_STAT:
		fprintf(out, "os.stat('%s').st_size", name_texts[c->name]);
		break;
	case CALL_UNLINK:
		fprintf(out, "os.unlink('%s')", name_texts[c->name]);
		break;
	case CALL_RENAME:
		fprintf(out, "os.rename('%s', '%s')", name_texts[c->name], name_texts[c->to]);
		break;
	case CALL_FORK:
		fprintf(out, "os.fork()  # the child is process %u", c->to);
		break;
	case CALL_EXIT:
		fputs("os._exit(0)", out);
		break;
	case CALL_KILL:
		fprintf(out, "os.kill(os.getpid(), signal.SIG%s)",
			c->flags == SIGTERM ? "TERM" : "KILL");
		break;
	default:
		python_file_call(out, c);
	}
	fprintf(out, "  # process %u\n", c->process);
}

/* Of one process it runs as it is; of several, each its own lines, in this order. */
void sequence_python(FILE *out, const struct sequence *s)
{
	bool several = false;

	for (unsigned i = 0; i < s->n; i++)
		several |= s->call[i].process != s->call[0].process || s->call[i].kind == CALL_FORK;
	fputs("# in the directory of permissions, which holds: ", out);
	print_scopes(out, s->start);
	fprintf(out, "\n%simport os, signal; f = {}\n",
		several ? "# one interpreter a process, each line in the one it names\n" : "");
	for (unsigned i = 0; i < s->n; i++)
		python_call(out, &s->call[i]);
}

/* --- read again ------------------------------------------------------------------------------- */

static int word_index(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static bool read_number(char **words, char letter, unsigned limit, uint8_t *out)
{
	char *word = strtok_r(NULL, " \n", words), *end;

	if (word == NULL || word[0] != letter)
		return false;
	unsigned long n = strtoul(word + 1, &end, 10);
	*out = (uint8_t)n;
	return *end == '\0' && n < limit;
}

static bool read_offset(char **words, int64_t *out)
{
	char *word = strtok_r(NULL, " \n", words), *end = NULL;

	if (word != NULL)
		*out = strtoll(word, &end, 10);
	return word != NULL && *end == '\0';
}

static bool read_name(char **words, uint8_t *out)
{
	const char *word = strtok_r(NULL, " \n", words);
	int i = word != NULL ? word_index(word, name_texts, NAMES) : -1;

	*out = (uint8_t)i;
	return i >= 0;
}

static bool read_flags(char **words, int32_t *out)
{
	char *rest = strtok_r(NULL, " \n", words), *save;
	const char *word = rest != NULL ? strtok_r(rest, "|", &save) : NULL;
	int access = word != NULL ? word_index(word, access_names, 3) : -1;

	*out = access;
	while (access >= 0 && (word = strtok_r(NULL, "|", &save)) != NULL) {
		size_t i = 0;
		while (i < ARRAY_LEN(flag_names) && strcmp(flag_names[i].name, word) != 0)
			i++;
		if (i == ARRAY_LEN(flag_names))
			return false;
		*out |= flag_names[i].flag;
	}
	return access >= 0;
}

static bool read_data(char **words, struct call *c)
{
	char *at = strchr(*words, '"');

	for (at = at != NULL ? at + 1 : NULL; at != NULL && *at != '"'; c->len++) {
		unsigned byte = (unsigned char)*at++;
		if (byte == '\0' || c->len == DATA_MAX)
			return false;
		if (byte == '\\' && *at == 'n') {
			byte = '\n';
			at++;
		} else if (byte == '\\') {
			if (sscanf(at, "x%2x", &byte) != 1)
				return false;
			at += 3;
		}
		c->data[c->len] = (char)byte;
	}
	return at != NULL;
}

static bool read_arguments(char **words, struct call *c)
{
	const char *word;
	int64_t number;

	switch ((enum call_kind)c->kind) {
	case CALL_OPEN:
		return read_number(words, 's', SLOTS, &c->slot) && read_name(words, &c->name) &&
		       read_flags(words, &c->flags);
	case CALL_WRITE:
		return read_number(words, 's', SLOTS, &c->slot) && read_data(words, c);
	case CALL_PWRITE:
		return read_number(words, 's', SLOTS, &c->slot) && read_offset(words, &c->offset) &&
		       read_data(words, c);
	case CALL_WRITEV:
		if (!read_number(words, 's', SLOTS, &c->slot) || !read_offset(words, &number) ||
		    !read_data(words, c))
			return false;
		c->cut = (uint8_t)number;
		return c->cut <= c->len;
	case CALL_LSEEK:
		if (!read_number(words, 's', SLOTS, &c->slot) || !read_offset(words, &c->offset))
			return false;
		word = strtok_r(NULL, " \n", words);
		c->flags = word != NULL ? word_index(word, whence_names, 3) : -1;
		return c->flags >= 0;
	case CALL_READ:
	case CALL_FTRUNCATE:
		return read_number(words, 's', SLOTS, &c->slot) && read_offset(words, &c->offset);
	case CALL_TRUNCATE:
		return read_name(words, &c->name) && read_offset(words, &c->offset);
	case CALL_FSYNC:
	case CALL_FSTAT:
	case CALL_CLOSE:
		return read_number(words, 's', SLOTS, &c->slot);
	case CALL_STAT:
	case CALL_UNLINK:
		return read_name(words, &c->name);
	case CALL_DUP:
		return read_number(words, 's', SLOTS, &c->slot) &&
		       read_number(words, 's', SLOTS, &c->to);
	case CALL_RENAME:
		return read_name(words, &c->name) && read_name(words, &c->to);
	case CALL_FORK:
		return read_number(words, 'p', PROCESSES, &c->to);
	case CALL_KILL:
		word = strtok_r(NULL, " \n", words);
		c->flags = word != NULL && strcmp(word, "TERM") == 0 ? SIGTERM : SIGKILL;
		return word != NULL;
	case CALL_EXIT:
		return true;
	case CALL_KINDS:
		break;
	}
	return false;
}

static bool read_line(char *line, struct sequence *s)
{
	char *words, *word = strtok_r(line, " \n", &words);

	if (word == NULL || word[0] == '#')
		return true;
	if (strcmp(word, "mode") == 0) {
		word = strtok_r(NULL, " \n", &words);
		int mode = word != NULL ? word_index(word, mode_names, MODES) : -1;
		s->mode = (enum mode)mode;
		return mode >= 0;
	}
	if (strcmp(word, "start") == 0) {
		while ((word = strtok_r(NULL, " \n", &words)) != NULL) {
			if (scope_bit(word, strlen(word)) == 0)
				return false;
			s->start |= scope_bit(word, strlen(word));
		}
		return true;
	}
	struct call c = {.process = (uint8_t)(word[1] - '0')};
	const char *kind = strtok_r(NULL, " \n", &words);
	int at = kind != NULL ? word_index(kind, call_names, CALL_KINDS) : -1;
	if (word[0] != 'p' || c.process >= PROCESSES || at < 0 || s->n == CALLS_MAX)
		return false;
	c.kind = (uint8_t)at;
	if (!read_arguments(&words, &c))
		return false;
	s->call[s->n++] = c;
	return true;
}

static bool sequence_read(FILE *in, struct sequence *s)
{
	char line[1024], copy[1024];

	*s = (struct sequence){.mode = MODE_PLAIN};
	while (fgets(line, sizeof(line), in) != NULL) {
		strcpy(copy, line);
		if (read_line(line, s))
			continue;
		fprintf(stderr, "not a call: %s", copy);
		return false;
	}
	return true;
}

bool sequence_load(const char *path, struct sequence *s)
{
	FILE *in = fopen(path, "r");

	if (in == NULL) {
		perror(path);
		return false;
	}
	bool good = sequence_read(in, s);
	fclose(in);
	return good;
}

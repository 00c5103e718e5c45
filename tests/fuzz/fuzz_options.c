/* SPDX-License-Identifier: MIT */
/*
 * A command line, an argument a line: it is understood within its bounds, or refused in words. And
 * whatever the first line is, as the value of an option it arrives as it was meant.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "mount/config_options.h"

#define ARGUMENTS_MAX 12

static int parse(struct config *c, int argc, char **argv, struct error *e)
{
	*c = (struct config){.timeout_ms = 30000, .cache_ms = 30000, .rate_per_minute = 600};
	*e = (struct error){0};
	return config_options_parse(c, argc, argv, e);
}

static void check_understood(const struct config *c)
{
	CHECK((c->mountpoint != NULL) == (c->action == CONFIG_MOUNT));
	CHECK(c->action <= CONFIG_VERSION);
	CHECK(c->timeout_ms >= 100 && c->timeout_ms <= 3600 * 1000);
	CHECK(c->cache_ms >= 0 && c->cache_ms <= 86400 * 1000);
	CHECK(c->rate_per_minute >= 0 && c->rate_per_minute <= 100000);
	CHECK(c->ttl_s >= 0 && c->ttl_s <= INT64_C(36525) * 86400);
	CHECK(!c->debug || c->foreground);
	CHECK(c->api_url == NULL || c->api_url[0] != '\0');
	CHECK(c->org == NULL || c->org[0] != '\0');
	CHECK(c->ca_file == NULL || c->ca_file[0] != '\0');
	/* What libfuse is given are words of ours. */
	CHECK(c->fuse_options == NULL ||
	      strspn(c->fuse_options, "abcdefghijklmnopqrstuvwxyz,") == strlen(c->fuse_options));
	CHECK(c->fuse_options == NULL || strstr(c->fuse_options, "allow") == NULL);
}

static void check_refused(int r, const struct error *e)
{
	CHECK(r == -EINVAL && e->err == EINVAL && e->text[0] != '\0' && e->hint[0] != '\0');
	CHECK(printable(e->text, strlen(e->text)) && printable(e->hint, strlen(e->hint)));
}

static void check_line(char *text)
{
	char *argv[ARGUMENTS_MAX + 1] = {text}, *rest = text, *arg;
	struct config c;
	struct error e;
	int argc = 1;

	while (argc < ARGUMENTS_MAX && (arg = strsep(&rest, "\n")) != NULL)
		argv[argc++] = arg;
	int r = parse(&c, argc, argv, &e);
	if (r == 0)
		check_understood(&c);
	else
		check_refused(r, &e);
	config_finish(&c);
}

static char *escaped(const char *before, const char *value, const char *after)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, before);
	for (; *value != '\0'; value++) {
		if (*value == ',' || *value == '\\')
			buf_addc(&b, '\\');
		buf_addc(&b, *value);
	}
	buf_adds(&b, after);
	return buf_take(&b);
}

/* As a word of -o, as a long option's argument, as the mount point. */
static void check_value(char *value)
{
	char word[] = "-o", dashes[] = "--", name[] = "--api-url";
	char *words = escaped("ro,org=", value, ",offline");
	char *glued = escaped("-focredentials=", value, ",noexec");
	char *equals = xasprintf("--cacert=%s", value);
	char *argv[] = {name, word, words, glued, equals, name, value, dashes, value, NULL};
	struct config c;
	struct error e;
	int r = parse(&c, ARRAY_LEN(argv) - 1, argv, &e);

	if (value[0] == '\0') {
		check_refused(r, &e);
	} else {
		CHECK(r == 0 && c.read_only && c.offline && c.foreground);
		CHECK(str_eq(c.org, value) && str_eq(c.credentials_file, value));
		CHECK(str_eq(c.ca_file, value) && str_eq(c.api_url, value));
		CHECK(str_eq(c.mountpoint, value) && str_eq(c.fuse_options, "noexec"));
		check_understood(&c);
	}
	config_finish(&c);
	free(words);
	free(glued);
	free(equals);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	char *first = xstrndup(text, strcspn(text, "\n"));

	check_value(first);
	check_line(text);
	free(first);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static void format_clean(char *out, size_t size, const char *fmt, va_list ap) printf_like(3, 0);

static void format_clean(char *out, size_t size, const char *fmt, va_list ap)
{
	char raw[1024];
	int n = vsnprintf(raw, sizeof(raw), fmt, ap);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof(raw) ? (size_t)n : sizeof(raw) - 1;

	text_clean(out, size, raw, len);
}

int error_set(struct error *e, int err, const char *fmt, ...)
{
	va_list ap;

	memset(e, 0, sizeof(*e));
	e->err = err;
	va_start(ap, fmt);
	format_clean(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -err;
}

void error_hint(struct error *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format_clean(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
}

void error_wrap(struct error *e, const char *fmt, ...)
{
	char context[200], whole[sizeof(context) + sizeof(e->text) + 2];
	va_list ap;

	va_start(ap, fmt);
	format_clean(context, sizeof(context), fmt, ap);
	va_end(ap);
	int n = snprintf(whole, sizeof(whole), "%s: %s", context, e->text);
	text_clean(e->text, sizeof(e->text), whole, (size_t)n);
}

/* SPDX-License-Identifier: MIT */
#include "auth/keyring_document.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/macros.h"
#include "base/xmalloc.h"

/* pscale writes one level. */
#define DEPTH_MAX 64

/* The value of a base64 digit (RFC 4648, table 1); -1: none. */
static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* Decode into `out`, which is large enough; false if `text` is not valid base64. */
static bool from_base64(const char *text, char *out, size_t *len)
{
	unsigned bits = 0, have = 0;

	*len = 0;
	for (; digit(*text) >= 0; text++) {
		bits = bits << 6 | (unsigned)digit(*text);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[(*len)++] = (char)(bits >> have & 0xff);
		}
	}
	return text[strspn(text, "=")] == '\0';
}

int keyring_document_read(const char *body, size_t len, struct secret **token, struct error *e)
{
	cleanup(json_free) struct cJSON *root = NULL;
	int r = json_parse(body, len, DEPTH_MAX, &root, e);

	if (r != 0)
		return r;
	const char *data = json_some_text(root, "Data");
	if (data == NULL)
		return error_set(e, EREMOTEIO, "Data: a string expected");
	size_t room = strlen(data);
	char *bytes = xmalloc(room);
	bool good = from_base64(data, bytes, &len) && len > 0;
	if (good)
		*token = secret_new(bytes, len);
	else
		error_set(e, EREMOTEIO, "Data: base64 expected");
	secret_wipe(bytes, room);
	free(bytes);
	return good ? 0 : -EREMOTEIO;
}

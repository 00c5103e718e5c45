/* SPDX-License-Identifier: MIT */
/*
 * The part of decode that checks only the outermost keys of an answer.
 */
#include "base/json.h"
#include <stdint.h>
#include <stdbool.h>

#include "base/macros.h"
#include "planetscale/decode.h"

bool decode_is_list(const char *body, size_t len)
{
	cleanup(json_free) struct cJSON *root = NULL;
	struct error ignored;

	return json_parse(body, len, DECODE_DEPTH_MAX, &root, &ignored) == 0 &&
	       json_is_array(json_get(root, "data"));
}

bool decode_is_new_token(const char *body, size_t len)
{
	cleanup(json_free) struct cJSON *root = NULL;
	struct error ignored;

	return json_parse(body, len, DECODE_DEPTH_MAX, &root, &ignored) == 0 &&
	       json_some_text(root, "id") != NULL && json_some_text(root, "token") != NULL;
}

static int64_t number_of(const char *body, size_t len, const char *key)
{
	cleanup(json_free) struct cJSON *root = NULL;
	struct error ignored;
	int64_t number;

	if (json_parse(body, len, DECODE_DEPTH_MAX, &root, &ignored) != 0 ||
	    !json_whole(json_get(root, key), &number) || number < 0)
		return -1;
	return number;
}

int64_t decode_total(const char *body, size_t len)
{
	return number_of(body, len, "total_count");
}

int64_t decode_page_count(const char *body, size_t len)
{
	return number_of(body, len, "total_pages");
}

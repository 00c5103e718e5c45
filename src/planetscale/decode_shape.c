/* SPDX-License-Identifier: MIT */
/*
 * The part of decode that checks only the outermost keys of an answer.
 */
#include "base/json.h"
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

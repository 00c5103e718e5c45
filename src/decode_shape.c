/*
 * The part of decode that recognises an answer by its outermost keys.
 */
#include "decode.h"
#include "decode_json.h"

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

/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "planetscale/decode.h"

#include <string.h>

#include "base/json.h"

#define WORDS_MAX 4096 /* bytes of a refusal's text; messages stay short */

/* The strings below `node`, each with the key it is about: "email: is taken; name: is empty". */
static void add_words(const struct cJSON *node, const char *about, struct buf *out)
{
	const struct cJSON *child;

	if (out->len > WORDS_MAX)
		return;
	if (json_string(node) != NULL) {
		buf_addf(out, "%s%s%s%s", out->len > 0 ? "; " : "", about, about[0] ? ": " : "",
			 json_string(node));
		return;
	}
	if (json_get(node, "errors") !=
	    NULL) { /* {"name": "a parameter", "errors": ["is empty"]} */
		const char *name = json_some_text(node, "name");
		add_words(json_get(node, "errors"), name != NULL ? name : about, out);
		return;
	}
	for (child = json_first(node); child != NULL; child = json_next(child))
		add_words(child, json_key(child) != NULL ? json_key(child) : about, out);
}

void decode_refusal(const char *body, size_t len, char *code, size_t code_size, char *message,
		    size_t message_size)
{
	cleanup(json_free) struct cJSON *root = NULL;
	cleanup(buf_finish) struct buf words = BUF_INIT;
	struct error ignored;

	text_clean(code, code_size, "", 0);
	text_clean(message, message_size, "", 0);
	if (json_parse(body, len, DECODE_DEPTH_MAX, &root, &ignored) != 0)
		return;
	const char *code_text = json_some_text(root, "code");
	const char *message_text = json_some_text(root, "message");

	if (code_text == NULL)
		code_text = json_some_text(root, "error");
	if (message_text == NULL)
		message_text = json_some_text(root, "error_description");
	if (message_text == NULL) {
		add_words(json_get(root, "errors"), "", &words);
		message_text = buf_str(&words);
	}
	if (code_text != NULL)
		text_clean(code, code_size, code_text, strlen(code_text));
	text_clean(message, message_size, message_text, strlen(message_text));
}

/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/secret.h"
#include "base/xmalloc.h"

/*
 * A block that cJSON allocates stores its size, so that it can be wiped. Blocks lie in chunks
 * apart from the heap, and all go back to the kernel when the last block is freed: the small blocks of
 * a large tree would leave the heap fragmented. While a list is open, one of them stays for its next
 * element. Static, because cJSON's hooks take no context; empty between two answers.
 */
struct block {
	_Alignas(max_align_t) size_t size;
	_Alignas(max_align_t) char bytes[];
};

struct chunk {
	_Alignas(max_align_t) struct chunk *next; /* owned */
	size_t size, used;
};

#define CHUNK_SIZE ((size_t)256 * 1024)

static struct chunk *chunks;
static size_t blocks;
static unsigned lists; /* that are open */

static struct chunk *chunk_new(size_t need)
{
	size_t size = sizeof(struct chunk) + need;

	if (size < CHUNK_SIZE)
		size = CHUNK_SIZE;
	struct chunk *c =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return NULL;
	*c = (struct chunk){chunks, size, sizeof(*c)};
	return c;
}

static void *block_new(size_t size)
{
	size_t unit = sizeof(struct block);
	size_t need = unit + (size + unit - 1) / unit * unit;

	if (need < size)
		return NULL;
	if (chunks == NULL || chunks->size - chunks->used < need) {
		struct chunk *c = chunk_new(need);
		if (c == NULL)
			return NULL;
		chunks = c;
	}
	struct block *b = (struct block *)((char *)chunks + chunks->used);
	chunks->used += need;
	blocks++;
	b->size = size;
	return b->bytes;
}

/* All blocks are free. */
static void chunks_free(void)
{
	struct chunk *kept = NULL;

	while (chunks != NULL) {
		struct chunk *c = chunks;
		chunks = c->next;
		if (lists > 0 && kept == NULL && c->size == CHUNK_SIZE) {
			*c = (struct chunk){NULL, c->size, sizeof(*c)};
			kept = c;
		} else {
			munmap(c, c->size);
		}
	}
	chunks = kept;
}

static void block_free(void *bytes)
{
	if (bytes == NULL)
		return;
	struct block *b = (struct block *)((char *)bytes - offsetof(struct block, bytes));
	secret_wipe(b->bytes, b->size);
	if (--blocks == 0)
		chunks_free();
}

/* --- parsing ---------------------------------------------------------------------------------- */

/* A copy of a text that may hold secrets. */
struct copy {
	char *text; /* owned; NULL: none */
	size_t size;
};

static void copy_finish(struct copy *c)
{
	if (c->text == NULL)
		return;
	secret_wipe(c->text, c->size);
	free(c->text);
	c->text = NULL;
}

static size_t skip_space(const char *body, size_t len, size_t i)
{
	while (i < len && json_is_space((unsigned char)body[i]))
		i++;
	return i;
}

/* What json_parse() refuses before it parses. `copy` replaces the text if it has odd escapes. */
static int look_over(const char **body, size_t *len, int depth_max, struct json_array *array,
		     struct copy *copy, struct error *e)
{
	size_t first = skip_space(*body, *len, 0);
	bool odd = false;

	if (first == *len)
		return error_set(e, EREMOTEIO, "the answer is empty");
	if ((*body)[first] == '<')
		return error_set(e, EREMOTEIO, "the answer is a web page, not JSON");
	if (json_scan(*body, *len, depth_max, &odd, array, e) != 0)
		return -EREMOTEIO;
	if (!odd)
		return 0;
	*copy = (struct copy){xmalloc(*len), *len};
	*len = json_replace_odd(*body, *len, copy->text);
	*body = copy->text;
	if (array == NULL)
		return 0;
	json_array_finish(array);
	return json_scan(*body, *len, depth_max, &odd, array, e);
}

static int not_json(struct error *e)
{
	return error_set(e, EREMOTEIO, "the answer is not JSON, or is cut off");
}

/* The value at the start of `text`; NULL: there is none. */
static cJSON *parse(const char *text, size_t len, const char **end)
{
	cJSON_Hooks hooks = {block_new, block_free};

	cJSON_InitHooks(&hooks); /* the same each time, before cJSON's first allocation */
	return cJSON_ParseWithLengthOpts(text, len, end, false);
}

static int parse_object(const char *body, size_t len, struct cJSON **out, struct error *e)
{
	const char *end = NULL;

	cleanup(json_free) cJSON *json = parse(body, len, &end);
	if (json == NULL)
		return not_json(e);
	size_t behind = (size_t)(end - body);
	if (skip_space(body, len, behind) != len)
		return error_set(e, EREMOTEIO, "the answer has text after its end (at byte %zu)",
				 behind);
	if (!cJSON_IsObject(json))
		return error_set(e, EREMOTEIO, "the answer is not a JSON object");
	*out = json;
	json = NULL;
	return 0;
}

int json_parse(const char *body, size_t len, int depth_max, struct cJSON **out, struct error *e)
{
	cleanup(copy_finish) struct copy copy = {NULL, 0};

	if (look_over(&body, &len, depth_max, NULL, &copy, e) != 0)
		return -EREMOTEIO;
	return parse_object(body, len, out, e);
}

void json_free(struct cJSON **json)
{
	cJSON_Delete(*json);
	*json = NULL;
}

/* --- an array, element by element ------------------------------------------------------------- */

/* Is the member called `key` the one that the scan has found? Another with the same key may come before
 * it, written with escapes, or be no array. */
static bool is_found(const struct cJSON *rest, const struct json_array *array)
{
	const struct cJSON *member = json_first(rest);

	for (size_t i = 0; i < array->commas && member != NULL; i++)
		member = json_next(member);
	return member != NULL && member == json_get(rest, array->key);
}

/* The text without the elements of the array. */
static struct copy without_array(const char *body, size_t len, const struct json_array *array)
{
	size_t before = (size_t)(array->begin - body);
	size_t behind = len - (size_t)(array->close - body);
	struct copy rest = {xmalloc(before + behind), before + behind};

	memcpy(rest.text, body, before);
	memcpy(rest.text + before, array->close, behind);
	return rest;
}

static void copy_elements(struct json_list *l, const struct json_array *array)
{
	l->len = (size_t)(array->close - array->begin);
	l->text = xmalloc(l->len);
	memcpy(l->text, array->begin, l->len);
	l->n = array->n;
	l->end = xcalloc(array->n, sizeof(*l->end));
	for (size_t i = 0; i < array->n; i++)
		l->end[i] = (size_t)(array->end[i] - array->begin);
	if (l->n == 1 && skip_space(l->text, l->len, 0) == l->len)
		l->n = 0;
}

/* Parse all at once. */
static int open_whole(struct json_list *l, const char *body, size_t len, const char *key,
		      struct error *e)
{
	int r = parse_object(body, len, &l->rest, e);

	if (r != 0)
		return r;
	const struct cJSON *array = json_get(l->rest, key);
	l->child = json_is_array(array) ? json_first(array) : NULL;
	l->n = json_is_array(array) ? json_count(array) : 0;
	return 0;
}

static int open_split(struct json_list *l, const char *body, size_t len,
		      const struct json_array *array, struct error *e)
{
	cleanup(copy_finish) struct copy rest = without_array(body, len, array);
	int r = parse_object(rest.text, rest.size, &l->rest, e);

	if (r == 0 && is_found(l->rest, array)) {
		copy_elements(l, array);
		return 0;
	}
	json_free(&l->rest);
	/* For the sentence, too: it tells where in the whole text something is wrong. */
	return open_whole(l, body, len, array->key, e);
}

int json_list_open(struct json_list *l, const char *body, size_t len, int depth_max,
		   const char *key, struct error *e)
{
	cleanup(copy_finish) struct copy copy = {NULL, 0};
	cleanup(json_array_finish) struct json_array array = {.key = key};
	int r = look_over(&body, &len, depth_max, &array, &copy, e);

	*l = (struct json_list){0};
	if (r != 0)
		return r;
	r = array.close != NULL && *array.close == ']' ? open_split(l, body, len, &array, e)
						       : open_whole(l, body, len, key, e);
	lists += r == 0;
	l->open = r == 0;
	return r;
}

/* The element is the whole of the text but for spaces. */
static cJSON *parse_element(const char *text, size_t len)
{
	size_t begin = skip_space(text, len, 0);
	const char *end = NULL;

	/* Where a text begins, cJSON would skip a byte order mark. */
	if (begin == len || text[begin] == '\xef')
		return NULL;
	cleanup(json_free) cJSON *json = parse(text + begin, len - begin, &end);
	if (json == NULL || skip_space(text, len, (size_t)(end - text)) != len)
		return NULL;
	cJSON *element = json;
	json = NULL;
	return element;
}

int json_list_next(struct json_list *l, struct cJSON **item, struct error *e)
{
	size_t begin = l->next == 0 || l->end == NULL ? 0 : l->end[l->next - 1] + 1;

	json_free(&l->item);
	if (l->end != NULL)
		json_free(&l->rest);
	if (l->end == NULL) {
		*item = l->child;
		l->child = l->child->next;
	} else {
		*item = l->item = parse_element(l->text + begin, l->end[l->next] - begin);
	}
	l->next++;
	return *item != NULL ? 0 : not_json(e);
}

void json_list_close(struct json_list *l)
{
	json_free(&l->item);
	json_free(&l->rest);
	if (l->text != NULL)
		secret_wipe(l->text, l->len);
	free(l->text);
	free(l->end);
	lists -= l->open;
	if (blocks == 0)
		chunks_free();
	*l = (struct json_list){0};
}

bool json_is_object(const struct cJSON *json)
{
	return cJSON_IsObject(json);
}

bool json_is_array(const struct cJSON *json)
{
	return cJSON_IsArray(json);
}

size_t json_count(const struct cJSON *array)
{
	return (size_t)cJSON_GetArraySize(array);
}

struct cJSON *json_first(const struct cJSON *json)
{
	return json == NULL ? NULL : json->child;
}

struct cJSON *json_next(const struct cJSON *json)
{
	return json->next;
}

const char *json_key(const struct cJSON *child)
{
	return child->string;
}

const struct cJSON *json_get(const struct cJSON *object, const char *key)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

const char *json_string(const struct cJSON *json)
{
	return cJSON_IsString(json) ? json->valuestring : NULL;
}

const char *json_text(const struct cJSON *object, const char *key)
{
	return json_string(json_get(object, key));
}

const char *json_some_text(const struct cJSON *object, const char *key)
{
	const char *value = json_text(object, key);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

bool json_is_set(const struct cJSON *object, const char *key)
{
	const cJSON *value = json_get(object, key);

	return value != NULL && !cJSON_IsNull(value) && !cJSON_IsFalse(value);
}

#define DOUBLE_EXACT 9007199254740992.0 /* 2^53: up to here a double holds every whole number */

bool json_bool(const struct cJSON *json, bool *out)
{
	*out = cJSON_IsTrue(json);
	return cJSON_IsBool(json);
}

bool json_whole(const struct cJSON *json, int64_t *out)
{
	const char *digits = json_string(json);
	double number;

	if (cJSON_IsNumber(json))
		number = json->valuedouble;
	else if (digits != NULL && digits[0] != '\0' &&
		 strspn(digits, "0123456789") == strlen(digits))
		number = strtod(digits, NULL);
	else
		return false;
	if (!(number >= 0 && number <= DOUBLE_EXACT) || (double)(int64_t)number != number)
		return false;
	*out = (int64_t)number;
	return true;
}

void json_erase(struct cJSON *object, const char *key)
{
	struct cJSON *next;

	/* The key may be there several times: remove all in one pass. */
	for (struct cJSON *child = json_first(object); child != NULL; child = next) {
		next = child->next;
		if (child->string != NULL && strcasecmp(child->string, key) == 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(object, child));
	}
}

void json_mark(struct cJSON *string, char mark)
{
	assert(cJSON_IsString(string) && string->valuestring[0] != '\0');
	string->type = (string->type & ~cJSON_String) | cJSON_Raw;
	string->valuestring[0] = mark;
	string->valuestring[1] = '\0';
}

char *json_print(const struct cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	struct buf out = BUF_INIT;

	buf_add_json_text(&out, text == NULL ? "{}" : text);
	cJSON_free(text);
	return buf_take(&out);
}

/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/json_text.h"
#include "base/macros.h"
#include "base/secret.h"
#include "base/xmalloc.h"

/*
 * A block that cJSON allocates stores its size, so that it can be wiped. Blocks lie in chunks
 * apart from the heap, and a chunk goes back to the kernel when its last block is freed: the small
 * blocks of a large tree would leave the heap fragmented. Static, because cJSON's hooks take no
 * context; empty between two answers.
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

static void block_free(void *bytes)
{
	if (bytes == NULL)
		return;
	struct block *b = (struct block *)((char *)bytes - offsetof(struct block, bytes));
	secret_wipe(b->bytes, b->size);
	if (--blocks > 0)
		return;
	while (chunks != NULL) {
		struct chunk *next = chunks->next;
		munmap(chunks, chunks->size);
		chunks = next;
	}
}

/* --- escapes that cJSON cannot read ----------------------------------------------------------- */

#define ESCAPE_LEN 6 /* of "\uXXXX" */

/* The UTF-16 code unit of the "\uXXXX" at the start of `s`; -1 if there is none. */
static long escaped_unit(const char *s, size_t left)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char number[5] = "";

	if (left < ESCAPE_LEN || s[0] != '\\' || s[1] != 'u')
		return -1;
	memcpy(number, s + 2, 4);
	return strspn(number, digits) == 4 ? strtol(number, NULL, 16) : -1;
}

static bool is_high(long unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(long unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/*
 * `s` begins with a backslash and at least one more character. Returns the code unit if the escape
 * is a NUL or half a surrogate pair, -1 if cJSON can read it. *len is set to the length of the
 * escape.
 */
static long odd_escape(const char *s, size_t left, size_t *len)
{
	long unit = escaped_unit(s, left);

	*len = unit < 0 ? 2 : ESCAPE_LEN;
	if (is_high(unit) && is_low(escaped_unit(s + ESCAPE_LEN, left - ESCAPE_LEN))) {
		*len = 2 * ESCAPE_LEN;
		return -1;
	}
	return unit == 0 || is_high(unit) || is_low(unit) ? unit : -1;
}

static size_t put_unit(char *out, long unit)
{
	if (unit == 0) {
		memcpy(out, JSON_NUL, strlen(JSON_NUL));
		return strlen(JSON_NUL);
	}
	out[0] = (char)(0xe0 | unit >> 12);
	out[1] = (char)(0x80 | (unit >> 6 & 0x3f));
	out[2] = (char)(0x80 | (unit & 0x3f));
	return 3;
}

/* A copy of *len bytes that may hold secrets. */
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
}

/* Replace the odd escapes by their bytes, which are shorter; returns the new length. */
static size_t copy_replaced(struct copy *c, const char *body, size_t len)
{
	size_t n = 0, part;

	*c = (struct copy){xmalloc(len), len};
	for (size_t i = 0; i < len; i += part) {
		bool escape = body[i] == '\\' && len - i > 1;
		part = 1;
		long unit = escape ? odd_escape(body + i, len - i, &part) : -1;
		if (unit >= 0) {
			n += put_unit(c->text + n, unit);
		} else {
			memcpy(c->text + n, body + i, part);
			n += part;
		}
	}
	return n;
}

/* --- what is not valid JSON ------------------------------------------------------------------- */

/*
 * What cJSON would accept but must be refused: a NUL byte (it ends strings there), "\u" without
 * four digits (it reads that as a NUL), control characters, nesting 1000 deep, and so many values
 * that their tree takes all memory.
 */
struct scan {
	const char *at, *end;
	int depth, depth_max;
	size_t values; /* counts the characters before one: '{', '[' and ',' */
	bool in_string;
	bool odd; /* it has escapes for copy_replaced() */
};

/* `s` is at a backslash: scan to the end of the escape. */
static const char *scan_escape(struct scan *s)
{
	size_t left = (size_t)(s->end - s->at), len;

	if (left < 2)
		return "is cut off";
	if (s->at[1] == '\0')
		return "holds a NUL character";
	if (s->at[1] == 'u' && left < ESCAPE_LEN)
		return "is cut off";
	if (s->at[1] == 'u' && escaped_unit(s->at, left) < 0)
		return "is not JSON";
	s->odd = odd_escape(s->at, left, &len) >= 0 || s->odd;
	s->at += len - 1;
	return NULL;
}

/* Not by strchr(): called for each byte of a large answer, it would take most of the time. */
static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *scan_byte(struct scan *s)
{
	unsigned char c = (unsigned char)*s->at;

	if (c == '\0')
		return "holds a NUL character";
	if (c < ' ' && (s->in_string || !is_space(c)))
		return "holds a control character";
	if (c == '"')
		s->in_string = !s->in_string;
	else if (s->in_string)
		return c == '\\' ? scan_escape(s) : NULL;
	else if ((c == '{' || c == '[') && ++s->depth > s->depth_max)
		return "is nested too deeply";
	else if (c == '}' || c == ']')
		s->depth--;
	if ((c == '{' || c == '[' || c == ',') && ++s->values > JSON_VALUES_MAX)
		return "holds too many values";
	return NULL;
}

static int scan(const char *body, size_t len, int depth_max, bool *odd, struct error *e)
{
	struct scan s = {body, body + len, 0, depth_max, 0, false, false};

	for (; s.at < s.end; s.at++) {
		size_t offset = (size_t)(s.at - body);
		const char *wrong = scan_byte(&s);
		if (wrong != NULL)
			return error_set(e, EREMOTEIO, "the answer %s (at byte %zu)", wrong,
					 offset);
	}
	*odd = s.odd;
	return 0;
}

static size_t skip_space(const char *body, size_t len, size_t i)
{
	while (i < len && is_space((unsigned char)body[i]))
		i++;
	return i;
}

int json_parse(const char *body, size_t len, int depth_max, struct cJSON **out, struct error *e)
{
	cJSON_Hooks hooks = {block_new, block_free};
	size_t first = skip_space(body, len, 0);
	cleanup(copy_finish) struct copy copy = {NULL, 0};
	const char *end = NULL;
	bool odd = false;

	if (first == len)
		return error_set(e, EREMOTEIO, "the answer is empty");
	if (body[first] == '<')
		return error_set(e, EREMOTEIO, "the answer is a web page, not JSON");
	if (scan(body, len, depth_max, &odd, e) != 0)
		return -EREMOTEIO;
	if (odd) {
		len = copy_replaced(&copy, body, len);
		body = copy.text;
	}
	cJSON_InitHooks(&hooks); /* the same each time, before cJSON's first allocation */
	cleanup(json_free) cJSON *json = cJSON_ParseWithLengthOpts(body, len, &end, false);
	if (json == NULL)
		return error_set(e, EREMOTEIO, "the answer is not JSON, or is cut off");
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

void json_free(struct cJSON **json)
{
	cJSON_Delete(*json);
	*json = NULL;
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

char *json_print(const struct cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	struct buf out = BUF_INIT;

	buf_add_json_text(&out, text == NULL ? "{}" : text);
	cJSON_free(text);
	return buf_take(&out);
}

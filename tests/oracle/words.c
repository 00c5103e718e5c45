/* SPDX-License-Identifier: MIT */
#include "oracle.h"

#include <string.h>

#include "base/macros.h"

/* Sorted: the order of a permissions file is that of the bits. */
const char *const scope_words[] = {
	"approve_deploy_request",
	"connect_branch",
	"connect_production_branch",
	"connect_production_read_only_branch",
	"create_branch",
	"create_branch_password",
	"create_comment",
	"create_deploy_request",
	"create_production_branch_password",
	"create_production_read_only_branch_password",
	"delete_backups",
	"delete_branch",
	"delete_branch_password",
	"delete_database",
	"delete_production_branch",
	"delete_production_branch_backups",
	"delete_production_branch_password",
	"delete_production_read_only_branch_password",
	"demote_branches",
	"promote_branches",
	"read_backups",
	"read_branch",
	"read_comment",
	"read_database",
	"read_deploy_request",
	"restore_backup",
	"restore_production_branch_backup",
	"review_deploy_request",
	"write_backups",
	"write_branch_vschema",
	"write_database",
	"write_production_branch_vschema",
};
const unsigned scope_word_count = ARRAY_LEN(scope_words);

const char *const name_texts[NAMES] = {"permissions", "permissions.tmp", "permissions~"};
const char *const mode_names[MODES] = {"plain", "refused", "signs", "kills"};

scopes scope_bit(const char *word, size_t len)
{
	for (unsigned i = 0; i < scope_word_count; i++)
		if (strlen(scope_words[i]) == len && memcmp(scope_words[i], word, len) == 0)
			return (scopes)1 << i;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

static bool is_scope(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((word[i] >= 'a' && word[i] <= 'z') || (word[i] >= '0' && word[i] <= '9') ||
		      word[i] == '_'))
			return false;
	return len > 0;
}

/* Words that PlanetScale does not know, as they stand in a text. */
struct unknown {
	size_t n;
	struct {
		const char *text;
		size_t len;
	} word[64];
};

/* What is asked of one of them: the last word about it counts, as with the others. */
static void note_unknown(struct unknown *u, const char *word, size_t len, bool granted)
{
	size_t i = 0;

	while (i < u->n && (u->word[i].len != len || memcmp(u->word[i].text, word, len) != 0))
		i++;
	if (granted && i == u->n && u->n < ARRAY_LEN(u->word)) {
		u->word[u->n].text = word;
		u->word[u->n++].len = len;
	} else if (!granted && i < u->n) {
		u->word[i] = u->word[--u->n];
	}
}

static void read_word(struct reading *r, struct unknown *u, const char *word, size_t len)
{
	char sign = *word == '+' || *word == '-' ? *word : '\0';
	size_t skip = sign != '\0';
	scopes bit = scope_bit(word + skip, len - skip);

	r->invalid |= !is_scope(word + skip, len - skip);
	/* Nothing is to be refused about what is not granted. */
	if (bit == 0)
		note_unknown(u, word + skip, len - skip, sign != '-');
	r->sign |= sign != '\0';
	r->plain &= ~bit;
	r->plus &= ~bit;
	r->minus &= ~bit;
	*(sign == '\0' ? &r->plain : sign == '+' ? &r->plus : &r->minus) |= bit;
}

struct reading read_text(const char *text, size_t len)
{
	struct reading r = {0};
	struct unknown u = {0};

	for (size_t at = 0; at < len;) {
		if (text[at] == '\n' || is_blank(text[at])) {
			at++;
		} else if (text[at] == '#') {
			while (at < len && text[at] != '\n')
				at++;
		} else {
			size_t end = at;
			while (end < len && text[end] != '\n' && text[end] != '#' &&
			       !is_blank(text[end]))
				end++;
			read_word(&r, &u, text + at, end - at);
			at = end;
		}
	}
	r.refused = u.n > 0;
	return r;
}

size_t complete_lines(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] != '\n')
		len--;
	return len;
}

size_t scopes_text(scopes set, char *out, size_t size)
{
	size_t len = 0;

	for (unsigned i = 0; i < scope_word_count; i++)
		if ((set >> i & 1) != 0)
			len += (size_t)snprintf(out + len, size - len, "%s\n", scope_words[i]);
	return len;
}

size_t scopes_size(scopes set)
{
	size_t len = 0;

	for (unsigned i = 0; i < scope_word_count; i++)
		if ((set >> i & 1) != 0)
			len += strlen(scope_words[i]) + 1;
	return len;
}

bool scopes_of_text(const char *text, size_t len, scopes *out)
{
	char again[TEXT_MAX];
	struct reading r = read_text(text, len);

	*out = r.plain;
	return !r.sign && !reading_bad(&r) && scopes_text(r.plain, again, sizeof(again)) == len &&
	       memcmp(text, again, len) == 0;
}

void print_scopes(FILE *out, scopes set)
{
	const char *comma = "";

	if (set == 0)
		fputs("nothing", out);
	for (unsigned i = 0; i < scope_word_count; i++) {
		if ((set >> i & 1) == 0)
			continue;
		fprintf(out, "%s%s", comma, scope_words[i]);
		comma = " ";
	}
}

/* --- choices ---------------------------------------------------------------------------------- */

void choices_seed(struct choices *c, uint64_t seed)
{
	*c = (struct choices){.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
}

/* splitmix64 */
static uint64_t next_number(struct choices *c)
{
	uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned below(struct choices *c, unsigned n)
{
	if (c->input == NULL)
		return (unsigned)(next_number(c) % n);
	if (c->left == 0)
		return 0;
	c->left--;
	return *c->input++ % n;
}

bool chance(struct choices *c, unsigned percent)
{
	return below(c, 100) < percent;
}

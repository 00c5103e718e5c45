/* SPDX-License-Identifier: MIT */
#include "model.h"
#include "tell.h"
#include "truth.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/xmalloc.h"

/* --- 1: what was reported as done is done ----------------------------------------------------- */

static void check_claims(const struct record *r)
{
	bool others = r->claim_count > 0 && !alone(r);

	if (r->claim_count == 0)
		return;
	for (size_t i = 0; i < history_token_count; i++) {
		const struct token *t = &history_tokens[i];
		bool kept = meant(t, r->name, r->begin, r->end);
		for (int j = 0; kept && j < r->claim_count; j++)
			kept = (r->claims[j].shared && others) || kept_claim(r, t, &r->claims[j]);
		if (kept)
			return;
	}
	violation(r, "what was reported as done was never so");
	print_others(r, r->name, r->resource);
}

static void check_made(const struct record *r)
{
	bool made = !r->made, removed = !r->removed;

	for (size_t i = 0; i < history_event_count; i++) {
		const struct event *e = &history_events[i];
		const struct token *t = &history_tokens[e->token];
		if (t->name != r->name)
			continue;
		made = made ||
		       (e->made && e->request != 0 && e->at + 999 >= r->begin && e->at <= r->end);
		removed = removed ||
			  (e->deleted && e->at <= r->end && e->at >= r->begin - lookback_us());
	}
	if (!made)
		violation(r, "no token was made");
	if (!removed)
		violation(r, "no token was removed");
}

/* --- 2: nothing unasked happens --------------------------------------------------------------- */

/* The text of several writers counts when the last of them closes it. */
static int64_t until(const struct record *r)
{
	return r->end + (r->loose || r->mount == MIXED || r->result != 0 || (r->writes && !alone(r))
				 ? 8 * options.timeout_ms * INT64_C(1000) + 2000000
				 : 1000);
}

static bool asked(const struct event *e, const struct record *r)
{
	const struct token *t = &history_tokens[e->token];

	if (r->name != t->name || e->at + 999 < r->begin || e->at > until(r))
		return false;
	if (e->deleted)
		return r->removes;
	return (r->resource == e->level || r->empties) && (e->added & ~r->grant) == 0 &&
	       (e->removed & ~r->revoke) == 0;
}

/* The text of several writers is one, and so is what is asked for it: one may have overwritten the
 * sign before what another has named. */
static bool asked_together(const struct event *e)
{
	uint32_t named = 0, revoke = 0;

	EACH_RECORD(r)
	{
		if (r->name != history_tokens[e->token].name || r->resource != e->level ||
		    !r->writes || e->at + 999 < r->begin || e->at > until(r) || alone(r))
			continue;
		named |= r->named;
		revoke |= r->revoke;
	}
	return !e->deleted && (e->added & ~named) == 0 && (e->removed & ~revoke) == 0;
}

/* Each mkdir makes at most one token: the one that ends first takes it. */
static bool take_maker(const struct event *e, bool *taken)
{
	const struct record *best = NULL;
	size_t n = 0, best_n = 0;

	EACH_RECORD(r)
	{
		if (r->makes && !taken[n] && r->name == history_tokens[e->token].name &&
		    e->at + 999 >= r->begin && e->at <= until(r) &&
		    (best == NULL || until(r) < until(best))) {
			best = r;
			best_n = n;
		}
		n++;
	}
	if (best != NULL)
		taken[best_n] = true;
	return best != NULL;
}

static bool deletes_token(uint64_t request)
{
	for (size_t i = 0; i < history_event_count; i++)
		if (history_events[i].request == request && history_events[i].deleted)
			return true;
	return false;
}

static void check_event(const struct event *e, bool *taken)
{
	const struct token *t = &history_tokens[e->token];
	bool explained = false;
	char added[512], removed[512];

	if (e->request == 0 || (!e->deleted && !e->made && deletes_token(e->request)))
		return;
	if (e->made)
		explained = take_maker(e, taken);
	else
		EACH_RECORD(r) explained = explained || asked(e, r);
	if (explained || (!e->made && asked_together(e)))
		return;
	print_scopes(added, sizeof(added), e->added);
	print_scopes(removed, sizeof(removed), e->removed);
	violation(NULL,
		  "at %.0f ms request %llu, which nobody asked for: %s (%s)%s%s, level %d, +[%s] "
		  "-[%s]",
		  ms(e->at), (unsigned long long)e->request, t->id,
		  t->name >= 0 ? names[t->name] : "?", e->made ? " made" : "",
		  e->deleted ? " deleted" : "", e->level, added, removed);
	EACH_RECORD(r)
	if (r->name == t->name && r->begin <= e->at + 1000000 && r->end >= e->at - 5000000 &&
	    (r->grant | r->revoke) != 0 && r->resource == e->level)
		print_record(r);
}

/* --- what is removed is of no use ------------------------------------------------------------- */

/* Was a scope granted all the time that `r` was at it, and not one that this mount knew revoked? */
static bool was_used(const struct event *e, const struct record *r)
{
	const struct token *t = &history_tokens[e->token];
	int64_t from = r->begin - disturb_lag_ms() * INT64_C(1000);
	int64_t before = e->at - 2000; /* the deletion itself takes the scopes away first */

	for (int level = 0; level < LEVELS; level++) {
		uint32_t all = ALL_SCOPES, granted, revoked;
		memory_of(t, level, r, &granted, &revoked);
		for (size_t i = 0; i < t->count; i++)
			if (t->spans[i].alive && overlaps(&t->spans[i], from, before))
				all &= t->spans[i].scopes[level];
		if ((all & ~revoked) != 0)
			return true;
	}
	return false;
}

/* Did this mount make the token, and did no rm take its secret away since? */
static bool had_secret(const struct event *e, const struct record *r)
{
	const struct token *t = &history_tokens[e->token];
	int64_t made_at = 0;

	for (size_t i = 0; i < history_event_count; i++)
		if (history_events[i].made && history_events[i].request != 0 &&
		    history_events[i].token == e->token)
			made_at = history_events[i].at;
	if (made_at == 0)
		return false;
	EACH_RECORD(x)
	if (x->name == t->name && x->empties && x->end >= made_at && x->begin <= e->at)
		return false;
	EACH_RECORD(x)
	if (x->name == t->name && x->made && x->mount == r->mount && x->mount != MIXED &&
	    x->begin <= made_at + 999 && x->end >= made_at && x->end <= r->begin)
		return true;
	return false;
}

/* rmdir deletes a token that has no permission and no secret; rm -r any. Of those that were at it just
 * then, for a deletion that came late is not known whose it was. */
static void check_deletion(const struct event *e)
{
	const struct record *by = NULL;

	EACH_RECORD(r)
	{
		if (!asked(e, r) || e->at > r->end)
			continue;
		if (r->empties || !(was_used(e, r) || had_secret(e, r)))
			return;
		by = r;
	}
	if (by != NULL)
		violation(by, "rmdir has deleted %s, which has %s", history_tokens[e->token].id,
			  was_used(e, by) ? "permissions" : "a secret");
}

/* --- what is left to do is done, or told ------------------------------------------------------ */

static void check_left(const struct record *r)
{
	struct claim c = {r->left, until(r), 0, ALL_SCOPES, false};

	if (r->left == 0 || told_of_close(r->name, r->resource) || !alone_until(r, c.to))
		return;
	for (size_t i = 0; i < history_token_count; i++)
		if (meant(&history_tokens[i], r->name, r->begin, r->end) &&
		    kept_claim(r, &history_tokens[i], &c))
			return;
	violation(r, "what was left to do at the close was neither done nor told");
}

/* --- 3: what was seen was true ---------------------------------------------------------------- */

static bool could_see(const struct record *r, int name, int resource, uint32_t set)
{
	int64_t from = since(r, name, resource);

	for (size_t i = 0; i < history_token_count; i++)
		if (meant(&history_tokens[i], name, r->seen_from, r->end) &&
		    was(&history_tokens[i], resource, from, r, set))
			return true;
	return name >= STABLE && memory_made(name, r);
}

/* Has one of the sets this size that has all of `sure`, and some of `perhaps`? */
static bool sized(uint32_t sure, uint32_t perhaps, int64_t size)
{
	uint32_t some = perhaps;

	while (true) {
		if ((int64_t)scopes_length(sure | some) == size)
			return true;
		if (some == 0)
			return false;
		some = (some - 1) & perhaps;
	}
}

/* Each scope that may have been seen granted, and not, by was_mixed. */
static bool sized_mixed(const struct token *t, const struct record *r)
{
	uint32_t sure = 0, perhaps = 0;

	for (unsigned i = 0; i < scope_count; i++) {
		uint32_t bit = 1u << i;
		bool may = was_mixed(t, r->resource, r, bit, bit);
		bool may_not = was_mixed(t, r->resource, r, 0, bit);
		perhaps |= may && may_not ? bit : 0;
		sure |= may && !may_not ? bit : 0;
	}
	return sized(sure, perhaps, r->size);
}

static bool could_be_sized(const struct record *r)
{
	int64_t from = since(r, r->name, r->resource);
	uint32_t granted, revoked;

	for (size_t i = 0; i < history_token_count; i++) {
		const struct token *t = &history_tokens[i];
		if (!meant(t, r->name, r->seen_from, r->end))
			continue;
		if (disturb_lag_ms() > 0 && sized_mixed(t, r))
			return true;
		memory_of(t, r->resource, r, &granted, &revoked);
		for (size_t j = 0; j < t->count; j++) {
			uint32_t had = effective(&t->spans[j], r->resource);
			if (overlaps(&t->spans[j], from, r->end) &&
			    sized(had & ~revoked, (had & revoked) | (granted & ~had), r->size))
				return true;
		}
	}
	return r->name >= STABLE && memory_made(r->name, r);
}

/* Was it so that there is something, or that there is nothing? */
/* Nothing, or any one scope. */
static bool held_mixed(const struct token *t, int resource, const struct record *r, bool something)
{
	bool held = !something && was_mixed(t, resource, r, 0, ALL_SCOPES);

	for (unsigned i = 0; i < scope_count && something; i++)
		held = held || was_mixed(t, resource, r, 1u << i, 1u << i);
	return held;
}

static bool could_hold(const struct record *r, int name, int resource, bool something)
{
	int64_t from = since(r, name, resource);
	uint32_t granted, revoked;

	for (size_t i = 0; i < history_token_count; i++) {
		const struct token *t = &history_tokens[i];
		if (!meant(t, name, r->seen_from, r->end))
			continue;
		if (disturb_lag_ms() > 0 && held_mixed(t, resource, r, something))
			return true;
		memory_of(t, resource, r, &granted, &revoked);
		for (size_t j = 0; j < t->count; j++) {
			uint32_t had = effective(&t->spans[j], resource);
			if (overlaps(&t->spans[j], from, r->end) &&
			    (something ? (had | granted) != 0 : (had & ~revoked) == 0))
				return true;
		}
	}
	return name >= STABLE && memory_made(name, r);
}

static void check_names_seen(const struct record *r)
{
	for (int name = 0; name < NAMES; name++) {
		int64_t from = since_removed(r, name);
		bool may = false, must = false;
		for (size_t i = 0; i < history_token_count; i++) {
			const struct token *t = &history_tokens[i];
			if (t->name != name)
				continue;
			may = may || alive_within(t, from, r->end);
			must = must || alive_throughout(t, made_before(r, t), r->end);
		}
		may = may || memory_made(name, r);
		if (r->masks[0] & 1u << name ? may : !must)
			continue;
		violation(r, "%s is %s", names[name],
			  r->masks[0] & 1u << name ? "listed" : "not listed");
		print_others(r, name, 0);
	}
}

static void print_seen(const struct record *r, int name, int resource, uint32_t set)
{
	char words[512];

	print_scopes(words, sizeof(words), set);
	violation(r, "%s/%s never said [%s]; since %.3f", names[name],
		  databases[resource] != NULL ? databases[resource] : "", words,
		  ms(since(r, name, resource)));
	print_others(r, name, resource);
}

static void print_listed(const struct record *r, int name, int resource, bool listed)
{
	violation(r, "%s/%s is %s; since %.3f", names[name],
		  databases[resource] != NULL ? databases[resource] : "",
		  listed ? "listed" : "not listed", ms(since(r, name, resource)));
	print_others(r, name, resource);
}

static void print_size(const struct record *r)
{
	violation(r, "a size of %lld; since %.3f", (long long)r->size,
		  ms(since(r, r->name, r->resource)));
	print_others(r, r->name, r->resource);
}

static void check_scopes_seen(const struct record *r)
{
	for (int name = 0; name < NAMES; name++) {
		uint32_t set = r->masks[name];
		bool listed = r->masks[0] & 1u << name;
		if (r->sight == SAW_ACCESS && (name < STABLE || set != 0) &&
		    !could_see(r, name, r->resource, set))
			print_seen(r, name, r->resource, set);
		if (r->sight == SAW_LINKS && (name < STABLE || listed) &&
		    !could_hold(r, name, r->resource, listed))
			print_listed(r, name, r->resource, listed);
	}
	for (int resource = 0; resource < RESOURCES; resource++) {
		bool listed = r->masks[0] & 1u << resource;
		if (r->sight == SAW_INFO && !could_see(r, r->name, resource, r->masks[resource]))
			print_seen(r, r->name, resource, r->masks[resource]);
		if (r->sight == SAW_DATABASES && resource > 0 &&
		    !could_hold(r, r->name, resource, listed))
			print_listed(r, r->name, resource, listed);
	}
	if (r->sight == SAW_SCOPES && !could_see(r, r->name, r->resource, r->masks[0]))
		print_seen(r, r->name, r->resource, r->masks[0]);
	if (r->sight == SAW_SIZE && !could_be_sized(r))
		print_size(r);
}

static bool is_secret_of(const struct token *t, const char *text)
{
	char expected[3][240];

	snprintf(expected[0], sizeof(expected[0]), "%s\n", t->secret);
	snprintf(expected[1], sizeof(expected[1]), "Authorization: %s:%s\n", t->id, t->secret);
	snprintf(expected[2], sizeof(expected[2]),
		 "PLANETSCALE_SERVICE_TOKEN_ID=%s\nPLANETSCALE_SERVICE_TOKEN=%s\n", t->id,
		 t->secret);
	for (int i = 0; i < 3; i++)
		if (strcmp(expected[i], text) == 0)
			return true;
	return false;
}

static void check_words_seen(const struct record *r)
{
	bool right = r->sight == SAW_NAME && strcmp(r->note, names[r->name]) == 0;

	if (r->wrong || (r->sight != SAW_NAME && r->sight != SAW_ID && r->sight != SAW_SECRET))
		return;
	for (size_t i = 0; i < history_token_count; i++) {
		const struct token *t = &history_tokens[i];
		if (!meant(t, r->name, r->seen_from, r->end))
			continue;
		if (r->sight == SAW_ID)
			right = right || strcmp(r->note, t->id) == 0;
		if (r->sight ==
		    SAW_SECRET) /* of one that came and went in this round it is not known */
			right = right || t->secret == NULL || is_secret_of(t, r->note);
	}
	if (!right && !memory_made(r->name, r))
		violation(r, "it says \"%s\"", r->note);
}

/* --- errors ----------------------------------------------------------------------------------- */

static void check_errno(const struct record *r)
{
	static const int known[] = {0,       EINVAL,       EACCES,      EPERM,     ENOENT,
				    EEXIST,  EAGAIN,       EREMOTEIO,   ETIMEDOUT, ECONNREFUSED,
				    EPROTO,  EKEYREJECTED, EKEYEXPIRED, ESTALE,    EIDRM,
				    EBADMSG, ENOTEMPTY,    EIO,         ECANCELED};

	static const int unmounted[] = {ENODEV, ENOTCONN, ECONNABORTED, EINTR, EXDEV};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (-r->result == known[i])
			return;
	for (size_t i = 0; r->mount == MIXED && i < ARRAY_LEN(unmounted); i++)
		if (-r->result == unmounted[i])
			return;
	violation(r, "an error that no table names: %s", strerror(-r->result));
}

int check_round(int round)
{
	bool *taken = xcalloc((size_t)options.round_size + 1, sizeof(*taken));
	const cJSON *entry;

	(void)round;
	violations = 0;
	round_begin = INT64_MAX;
	EACH_RECORD(r) round_begin = r->begin < round_begin ? r->begin : round_begin;
	EACH_RECORD(r)
	{
		if (r->wrong)
			violation(r, "%s", r->note);
		check_errno(r);
		check_claims(r);
		check_made(r);
		check_left(r);
		if (r->sight == SAW_TOKENS)
			check_names_seen(r);
		check_scopes_seen(r);
		check_words_seen(r);
	}
	for (size_t i = 0; i < history_event_count; i++) {
		check_event(&history_events[i], taken);
		if (history_events[i].deleted && history_events[i].request != 0)
			check_deletion(&history_events[i]);
	}
	free(taken);
	cJSON *log = ask("GET", "/log?violations=1", NULL);
	cJSON_ArrayForEach(entry, log)
	{
		char *text = cJSON_PrintUnformatted(entry);
		violation(NULL, "no client that is documented sends %s", text);
		free(text);
	}
	cJSON_Delete(log);
	return violations;
}

/* --- the calm after --------------------------------------------------------------------------- */

static const struct token *only_token(int name)
{
	const struct token *found = NULL;

	for (size_t i = 0; i < history_token_count; i++) {
		const struct token *t = &history_tokens[i];
		if (t->name != name || !t->spans[t->count - 1].alive)
			continue;
		if (found != NULL)
			return NULL;
		found = t;
	}
	return found;
}

static void calm_file(const struct token *t, int resource)
{
	struct record r = {.what = "calm", .step = "", .name = t->name, .resource = resource};
	struct random random = {1};
	struct work w = {&random, &r};

	r.begin = now_us();
	/* What was made and is gone may stand in the way of its name for some seconds. */
	int times = t->name >= STABLE ? 160 : 40;
	for (int i = 0; i < times && r.sight != SAW_SCOPES && !r.wrong; i++) {
		if (i > 0)
			usleep(100000);
		r.result = 0;
		read_permissions(&w);
	}
	r.end = now_us();
	if (r.wrong || r.result != 0)
		violation(&r, "in calm: %s", r.wrong ? r.note : strerror(-r.result));
	else if (!was(t, resource, t->spans[t->count - 1].from, &r, r.masks[0]))
		print_seen(&r, r.name, resource, r.masks[0]);
}

int check_calm(void)
{
	violations = 0;
	for (int name = 0; name < NAMES; name++) {
		const struct token *t = only_token(name);
		for (int resource = 0; t != NULL && resource < RESOURCES; resource++)
			calm_file(t, resource);
	}
	return violations;
}

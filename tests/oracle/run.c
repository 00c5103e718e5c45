/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <string.h>

enum {
	AGAIN_MAX = 5, /* runs of what failed once */
};

/* From one call's beginning to the next one's. */
struct period {
	int64_t from;
	struct bounds bounds;
	unsigned call;
};

struct run {
	const struct subject *on;
	struct judge judge;
	struct period period[2 * (CALLS_MAX + PROCESSES * SLOTS) + 1];
	size_t periods;
};

static void add_period(struct run *r, struct bounds bounds, int64_t from, unsigned call)
{
	r->period[r->periods++] = (struct period){from, bounds, call};
}

static bool one_call(struct run *r, const struct call *c, unsigned number, struct counts *counts)
{
	static struct result told;
	struct bounds during;
	size_t at = r->periods;

	if (r->judge.lost || !regular_possible(&r->judge.regular, c))
		return true;
	counts->calls++;
	add_period(r, r->judge.now, r->on->clock(r->on->ctx), number);
	told.ret = 0;
	told.err = 0;
	told.len = 0;
	if (!r->on->call(r->on->ctx, c, &told))
		return judge_fail(&r->judge, "it hangs");
	int64_t end = r->on->clock(r->on->ctx);
	if (!judge_call(&r->judge, c, &told, &during)) {
		size_t len = strlen(r->judge.why);
		snprintf(r->judge.why + len, sizeof(r->judge.why) - len,
			 "; the mount says %lld, %s", (long long)told.ret,
			 told.err != 0 ? strerror(told.err) : "no error");
		return false;
	}
	r->period[at].bounds = during;
	add_period(r, r->judge.now, end, number);
	return true;
}

static bool close_all(struct run *r, unsigned number, struct counts *counts)
{
	for (uint8_t p = 0; p < PROCESSES; p++)
		for (uint8_t s = 0; s < SLOTS; s++) {
			struct call close = {.kind = CALL_CLOSE, .process = p, .slot = s};
			if (!one_call(r, &close, number, counts))
				return false;
		}
	return true;
}

static bool name_scope(struct failure *f, const char *what, scopes set, unsigned call)
{
	unsigned i = 0;

	while ((set >> i & 1) == 0)
		i++;
	snprintf(f->why, sizeof(f->why), "%s: %s", scope_words[i], what);
	f->call = call;
	return false;
}

/* Nothing was absent or granted that should not have been, at any moment. */
static bool check_history(struct run *r, scopes start, struct failure *f)
{
	size_t n, at = 0;
	const struct change *c = r->on->history(r->on->ctx, &n);
	scopes granted = start;

	for (size_t i = 0; i < n; i++) {
		granted = (granted | c[i].added) & ~c[i].removed;
		while (at + 1 < r->periods && r->period[at + 1].from <= c[i].at)
			at++;
		const struct bounds *b = &r->period[at].bounds;
		if (c[i].removed & b->must)
			return name_scope(f, "revoked though the file holds it",
					  c[i].removed & b->must, r->period[at].call);
		if (c[i].added & ~b->may)
			return name_scope(f, "granted though the file does not say so",
					  c[i].added & ~b->may, r->period[at].call);
	}
	return true;
}

static bool say(const struct run *r, struct failure *f, unsigned call)
{
	f->call = call;
	snprintf(f->why, sizeof(f->why), "%s", r->judge.why);
	return false;
}

/* Those that are not forked by another. */
static void find_alive(const struct sequence *s, bool alive[PROCESSES])
{
	bool met[PROCESSES] = {false};

	for (unsigned p = 0; p < PROCESSES; p++)
		alive[p] = true;
	for (unsigned i = 0; i < s->n; i++) {
		const struct call *c = &s->call[i];
		met[c->process] = true;
		if (c->kind == CALL_FORK && !met[c->to]) {
			met[c->to] = true;
			alive[c->to] = false;
		}
	}
}

static bool check_end(struct run *r, const struct sequence *s, struct failure *f)
{
	if (judge_end(&r->judge, r->on->granted(r->on->ctx)))
		return check_history(r, s->start, f);
	/* Which moment it was says more. */
	return check_history(r, s->start, f) ? say(r, f, s->n) : false;
}

bool run_sequence(const struct subject *on, const struct sequence *s, struct failure *f,
		  struct counts *counts)
{
	static struct run r;
	bool alive[PROCESSES];

	r = (struct run){.on = on};
	find_alive(s, alive);
	*f = (struct failure){.call = 0};
	if (!on->begin(on->ctx, s->start, alive)) {
		snprintf(f->why, sizeof(f->why), "the sequence cannot begin");
		return false;
	}
	r.judge.mirror = on->mirror;
	r.judge.granted = on->granted;
	r.judge.looks = on->looks;
	r.judge.ctx = on->ctx;
	judge_begin(&r.judge, s->mode, s->start);
	memcpy(r.judge.regular.alive, alive, sizeof(alive));
	counts->sequences++;
	for (unsigned i = 0; i < s->n; i++)
		if (!one_call(&r, &s->call[i], i, counts))
			return say(&r, f, i);
	if (!close_all(&r, s->n, counts))
		return say(&r, f, s->n);
	counts->lost += r.judge.lost;
	for (unsigned i = 0; i < DIFFERENCES; i++)
		counts->used[i] += r.judge.used[i];
	return check_end(&r, s, f);
}

/* --- smaller ones ----------------------------------------------------------------------------- */

static bool fails(const struct subject *on, const struct sequence *s, struct failure *f)
{
	struct failure now;
	struct counts counts = {0};

	if (run_sequence(on, s, &now, &counts))
		return false;
	*f = now;
	return true;
}

static bool drop_calls(const struct subject *on, struct sequence *s, struct failure *f, unsigned n)
{
	bool any = false;

	for (unsigned at = s->n; at-- > 0;) {
		struct sequence less = *s;
		if (at + n > s->n)
			continue;
		memmove(&less.call[at], &less.call[at + n], (s->n - at - n) * sizeof(*less.call));
		less.n -= n;
		if (!fails(on, &less, f))
			continue;
		*s = less;
		any = true;
	}
	return any;
}

static bool drop_lines(const struct subject *on, struct sequence *s, struct failure *f)
{
	bool any = false;

	for (unsigned i = 0; i < s->n; i++) {
		struct sequence less = *s;
		struct call *c = &less.call[i];
		char *line = memchr(c->data, '\n', c->len);
		if (line == NULL || line + 1 == c->data + c->len)
			continue;
		c->len = (uint16_t)(line + 1 - c->data);
		c->cut = 0;
		if (!fails(on, &less, f))
			continue;
		*s = less;
		any = true;
	}
	return any;
}

static bool drop_start(const struct subject *on, struct sequence *s, struct failure *f)
{
	bool any = false;

	for (unsigned i = 0; i < scope_word_count; i++) {
		struct sequence less = *s;
		less.start &= ~((scopes)1 << i);
		if (less.start == s->start || !fails(on, &less, f))
			continue;
		*s = less;
		any = true;
	}
	return any;
}

bool minimize(const struct subject *on, struct sequence *s, struct failure *f)
{
	struct sequence whole = *s;
	int tries = 0;

	while (!fails(on, s, f))
		if (++tries == AGAIN_MAX)
			return false;
	if (f->call + 1 < s->n)
		s->n = f->call + 1;
	if (!fails(on, s, f))
		*s = whole;
	for (bool any = true; any;) {
		any = drop_calls(on, s, f, 4);
		any |= drop_calls(on, s, f, 2);
		any |= drop_calls(on, s, f, 1);
		any |= drop_lines(on, s, f);
		any |= drop_start(on, s, f);
	}
	fails(on, s, f);
	return true;
}

void failure_print(FILE *out, const struct sequence *s, const struct failure *f)
{
	sequence_print(out, s, f->call, f->why);
	if (f->call >= s->n)
		fprintf(out, "# all that is open is closed: %s\n", f->why);
}

void counts_print(FILE *out, const struct counts *c)
{
	for (unsigned i = 0; i < DIFFERENCES; i++)
		fprintf(out, "%9llu times: %s\n", (unsigned long long)c->used[i],
			difference_reasons[i]);
	fprintf(out, "%9llu sequences were given up before their end\n",
		(unsigned long long)c->lost);
}

/* SPDX-License-Identifier: MIT */
/*
 * What a person needs to know of a violation: the operation, what happened to its token, and what was
 * asked of PlanetScale meanwhile. It judges nothing.
 */
#ifndef MODEL_TELL_H
#define MODEL_TELL_H

#include "model.h"

extern int violations;      /* of this round */
extern int64_t round_begin; /* what the printed times are reckoned from */

/* Every operation of the round. */
#define EACH_RECORD(r)                                                                             \
	for (int lane_ = 0; lane_ < options.workers; lane_++)                                      \
		for (const struct record *r = shared->lanes[lane_].records,                        \
					 *end_ = r + shared->lanes[lane_].count;                   \
		     r < end_; r++)

/* How old what is shown may be: the cache time, and a fetch that went on for all its timeouts. */
int64_t lookback_us(void);

double ms(int64_t us); /* since the round began */
void print_record(const struct record *r);
/* Counts it, and prints it with the operation, which may be NULL. */
void violation(const struct record *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The other operations on a file of a token. */
void print_others(const struct record *r, int name, int resource);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * clock: the two times of the emulator: wall time in milliseconds since
 * 1970, which may be moved by tests (expiry, creation dates), and monotonic
 * milliseconds for timers and the request log, which nothing moves.
 */
#ifndef EMULATOR_CLOCK_H
#define EMULATOR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define TIMESTAMP_SIZE 25

int64_t clock_wall_ms(void);
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* 2023-10-25T16:54:12.879Z */
void timestamp_format(int64_t wall_ms, char text[TIMESTAMP_SIZE]);

/* Reads the form above, with or without a fraction. */
bool timestamp_parse(const char *text, int64_t *wall_ms);

#endif

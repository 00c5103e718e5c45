/* SPDX-License-Identifier: MIT */
/*
 * unit: cmocka and the headers that it needs before it.
 */
#ifndef PSCALEFS_TEST_UNIT_H
#define PSCALEFS_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#endif

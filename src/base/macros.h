/* SPDX-License-Identifier: MIT */
/*
 * macros: small language helpers, and WAIT, the one result that is neither success nor an error.
 */
#ifndef PSCALEFS_MACROS_H
#define PSCALEFS_MACROS_H

#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define cleanup(fn)       __attribute__((cleanup(fn)))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

/* The one positive result: the operation was parked and will be run again. Errors are -errno. */
#define WAIT 1

#endif

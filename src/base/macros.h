/* SPDX-License-Identifier: MIT */
/*
 * macros: small language helpers, what the compiler was told, and WAIT, the one result that is neither success nor an error.
 */
#ifndef PSCALEFS_MACROS_H
#define PSCALEFS_MACROS_H

#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define cleanup(fn)       __attribute__((cleanup(fn)))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

/* Is this built with the address sanitizer? gcc and clang say so in different ways. */
#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif
#ifndef ADDRESS_SANITIZER
#define ADDRESS_SANITIZER 0
#endif

/* The one positive result: the operation was parked and will be run again. Errors are -errno. */
#define WAIT 1

#endif

/* SPDX-License-Identifier: MIT */
/* The differences from a regular file that are intended, and why. */
#include "judge.h"

const char *const difference_reasons[DIFFERENCES] = {
	[READS_GRANTED] = "reading shows what PlanetScale has granted, not the text",
	[STAT_GRANTED] = "so does the size, for a process that does not only write it",
	[REFUSED_WORD] =
		"a write whose complete lines PlanetScale refuses fails, and does not count",
	[REFUSED_TEXT] = "a text that is refused as a whole fails at close, and does not count",
	[REFUSED_HOLE] = "a text with NULs in it may be refused when it is written",
	[TOO_BIG] = "a permissions file holds 1 MiB",
	[TWO_HALVES] = "a write that would end another handle's word is EAGAIN",
	[STALE_HANDLE] = "what is written to a file that is gone would grant nothing: ESTALE",
	[ALWAYS_THERE] = "permissions is always there, but for who removed it",
	[KEPT_ERROR] = "an error that nobody may have heard is told by the next fsync",
	[CANCELLED] = "a killed writer's text does not count, and the other writers are told",
	[APPEND_POSITION] = "where an append left the handle the kernel guesses from a size",
	[NORMALIZED] = "the text is sorted, and without comments, once nobody writes it",
	[LEFT_IN_PLACE] = "moved aside, the text is a copy, and what is granted stays",
};

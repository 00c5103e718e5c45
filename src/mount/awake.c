/* SPDX-License-Identifier: MIT */
#include "mount/awake.h"

#include <sched.h>

/* Sooner than this, the caller and this thread wake each other without an idle processor. */
#define QUICK_NS INT64_C(20000)
/* How often to measure again whether that is so. */
#define ROUNDS 64

void awake_init(struct awake *a)
{
	cpu_set_t set;

	*a = (struct awake){.never = sched_getaffinity(0, sizeof(set), &set) == 0 &&
				     CPU_COUNT(&set) == 1};
}

bool awake_stays(const struct awake *a)
{
	return a->rounds > 0;
}

void awake_stayed(struct awake *a, bool came)
{
	a->rounds = came ? a->rounds - 1 : 0;
}

void awake_slept(struct awake *a, int64_t ns)
{
	a->rounds = !a->never && ns > QUICK_NS && ns <= AWAKE_NS ? ROUNDS : 0;
}

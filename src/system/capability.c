/* SPDX-License-Identifier: MIT */
#include "system/capability.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALL_BITS 64

static bool get(struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, data) == 0;
}

uint64_t capability_permitted(void)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	return get(data) ? (uint64_t)data[1].permitted << 32 | data[0].permitted : 0;
}

/* Needs CAP_SETPCAP, which is therefore dropped last. Without that capability the bounding set
 * only matters for executed programs, and no_new_privs gives them nothing. */
static void limit_bounding(uint64_t kept)
{
	for (int c = 0; c < ALL_BITS && prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if ((kept & CAPABILITY(c)) == 0)
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
}

bool capability_inherit(uint64_t inherited)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!get(data))
		return false;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].inheritable = (uint32_t)(inherited >> 32 * i);
	if (syscall(SYS_capset, &header, data) != 0)
		return false;
	for (int c = 0; c < ALL_BITS; c++)
		if ((inherited & CAPABILITY(c)) != 0 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) != 0)
			return false;
	return true;
}

bool capability_keep(uint64_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	limit_bounding(kept);
	if (!get(data))
		return false;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(kept >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) == 0;
}

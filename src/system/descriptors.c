/* SPDX-License-Identifier: MIT */
#include "system/descriptors.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

void close_above(int lowest, int except)
{
	DIR *all = opendir("/proc/self/fd");

	for (struct dirent *f; all != NULL && (f = readdir(all)) != NULL;) {
		int fd = atoi(f->d_name);
		if (fd > lowest && fd != except && fd != dirfd(all))
			close(fd);
	}
	if (all != NULL)
		closedir(all);
}

/* SPDX-License-Identifier: MIT */
/* Runs a fuzzer over the files of a directory, for compilers without libFuzzer. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"

#include "base/buf.h"
#include "base/macros.h"
#include "base/xmalloc.h"

/* False if the file cannot be read. */
static bool replay(const char *dir, const char *name)
{
	cleanup(free_ptr) char *path = xasprintf("%s/%s", dir, name);
	struct buf whole = BUF_INIT;
	char part[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return false;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&whole, part, n);
	bool ok = ferror(f) == 0;
	fclose(f);
	/* Exactly as large as the input, as libFuzzer does it. */
	uint8_t *data = xmalloc(whole.len);
	if (whole.len > 0)
		memcpy(data, whole.data, whole.len);
	if (ok)
		LLVMFuzzerTestOneInput(data, whole.len);
	free(data);
	buf_finish(&whole);
	return ok;
}

int main(int argc, char **argv)
{
	int count = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (dir == NULL) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		if (d->d_name[0] == '.')
			continue;
		if (!replay(argv[1], d->d_name)) {
			fprintf(stderr, "%s/%s: %s\n", argv[1], d->d_name, strerror(errno));
			return 1;
		}
		count++;
	}
	closedir(dir);
	printf("%d inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
/*
 * Operations that remove, and what must not work. Each runs in a process of its own.
 */
#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void remove_permissions(struct work *w)
{
	char path[512];
	struct record *r = w->record;
	int64_t from = now_us();

	permissions_path(path, sizeof(path), r);
	r->revoke = ALL_SCOPES;
	if (CALL(r, "unlink", unlink(path)) == 0)
		claim(r, from, 0, ALL_SCOPES);
}

void remove_database(struct work *w)
{
	char path[512];
	struct record *r = w->record;
	int64_t from = now_us();

	permissions_path(path, sizeof(path), r);
	r->revoke = ALL_SCOPES;
	if (CALL(r, "unlink", unlink(path)) < 0)
		return;
	*strrchr(path, '/') = '\0';
	if (CALL(r, "rmdir", rmdir(path)) == 0)
		claim(r, from, 0, ALL_SCOPES);
}

void remove_token(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens/%s", names[r->name]);
	r->removes = true;
	if (CALL(r, "rmdir", rmdir(path)) == 0)
		r->removed = true;
}

/* Is there anything in the directory? */
static bool read_directory(struct record *r, const char *path)
{
	bool seen = false;

	r->step = "opendir";
	DIR *d = opendir(path);
	if (d == NULL) {
		r->result = -errno;
		return false;
	}
	while (readdir(d) != NULL)
		seen = true;
	closedir(d);
	return seen;
}

/* As rm -r: below the token first. */
void remove_all(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	r->empties = true;
	path_of(path, sizeof(path), "acme/service-tokens/%s", names[r->name]);
	if (!read_directory(r, path))
		return;
	path_of(path, sizeof(path), "acme/service-tokens/%s/id", names[r->name]);
	CALL(r, "unlink", unlink(path));
	path_of(path, sizeof(path), "acme/service-tokens/%s/token", names[r->name]);
	unlink(path);
	for (int i = 0; i < RESOURCES && r->result == 0; i++) {
		r->resource = i;
		remove_permissions(w);
		r->claim_count = 0; /* a claim is about one resource */
	}
	if (r->result != 0)
		return;
	path_of(path, sizeof(path), "acme/service-tokens/%s/databases", names[r->name]);
	CALL(r, "rmdir", rmdir(path));
	remove_token(w);
}

/* As install or mv from elsewhere. */
void remove_and_create(struct work *w)
{
	char path[512], text[64];
	struct record *r = w->record;
	uint32_t set = some_scopes(w->random, r->resource, 1);
	int64_t from = now_us();

	permissions_path(path, sizeof(path), r);
	r->revoke = ALL_SCOPES;
	r->loose = true;
	if (CALL(r, "unlink", unlink(path)) < 0)
		return;
	claim(r, from, 0, ALL_SCOPES);
	print_scopes(text, sizeof(text) - 1, set);
	strcat(text, "\n");
	r->grant = set;
	int fd = (int)CALL(r, "create", open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	if (fd < 0)
		return;
	from = now_us();
	if (CALL(r, "write", write(fd, text, strlen(text))) > 0)
		claim(r, from, set, 0);
	if (CALL(r, "close", close(fd)) == 0 && r->claim_count == 2)
		claim_text(r, from, set, ~set & ALL_SCOPES);
}

/* Who has read a directory above a token, and one inside, removes nothing in that. */
void sweep(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens");
	if (!read_directory(r, path))
		return;
	permissions_path(path, sizeof(path), r);
	char *last = strrchr(path, '/');
	*last = '\0';
	if (!read_directory(r, path))
		return;
	*last = '/';
	if (CALL(r, "unlink", unlink(path)) == 0 && same_mount(r))
		complain(r, "a sweep was let through");
	/* It has not read the directory that this one is in, but was refused a removal; unless another
	 * has removed the file, and the kernel knows. */
	bool refused = r->result == -EPERM;
	*last = '\0';
	if (CALL(r, "rmdir", rmdir(path)) == 0 && refused && same_mount(r))
		complain(r, "a sweep was let through");
}

/* As people do it, above the token: what they may remove is a token that is of no use. */
void process_tree(struct work *w)
{
#define DIRECTORIES "find \"$T\" -depth -type d -path \"$T/$N*\""
	static const char *const removing[] = {
		DIRECTORIES " -exec rmdir {} ';'",
		DIRECTORIES " -print0 | xargs -0 -n1 rmdir",
		DIRECTORIES " | while read -r d; do rmdir \"$d\"; done",
		"for d in \"$T/$N\"*; do rmdir \"$d\"; done",
	};
	static const char *const sweeping[] = {
		"find \"$T\" -depth -path \"$T/$N*\" -delete",
		"rm -rf \"$T\"",
	};
	char path[512];
	struct record *r = w->record;
	bool removes = chance(w->random, 70);
	const char *script =
		removes ? removing[below(w->random, 4)] : sweeping[below(w->random, 2)];

	path_of(path, sizeof(path), "acme/service-tokens");
	setenv("T", path, 1);
	setenv("N", names[r->name], 1);
	r->removes = removes;
	r->step = script;
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
			_exit(127);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	int status = 0;
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		complain(r, "%s does not run", script);
}

/* As an editor that moved the file aside, and then fails to write it anew; but another process
 * removes that. */
void take_back(struct work *w)
{
	char path[512], aside[600];
	struct record *r = w->record;
	int status = 1;

	permissions_path(path, sizeof(path), r);
	snprintf(aside, sizeof(aside), "%s~", path);
	if (CALL(r, "rename", rename(path, aside)) < 0)
		return;
	int fd = open_permissions(w, O_WRONLY | O_CREAT | O_TRUNC);
	if (fd >= 0) {
		r->revoke = ALL_SCOPES;
		r->loose = true;
		CALL(r, "write", write(fd, "Nonsense!\n", 10));
		close(fd);
		int64_t from = now_us();
		pid_t pid = fork();
		if (pid == 0)
			_exit(CALL(r, "unlink", unlink(path)) == 0 ? 0 : 1);
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		if (pid > 0 && status == 0 && same_mount(r))
			claim(r, from, 0, ALL_SCOPES);
	}
	unlink(aside);
}

static void must_fail(struct record *r, const char *what, long result, int expected)
{
	if (result >= 0)
		complain(r, "%s succeeded", what);
	else if (result == -expected)
		r->result = 0;
}

void wrong_things(struct work *w)
{
	char path[512], other[512];
	struct record *r = w->record;
	const char *token = names[r->name];
	static const char *const mistyped[] = {"permisions",      "permissionss",  "permissions1",
					       "permissions.txt", "mypermissions", "tmpx"};

	switch (below(w->random, 6)) {
	case 0:
		path_of(path, sizeof(path), "acme/databases/new");
		must_fail(r, "mkdir of a database", CALL(r, "mkdir", mkdir(path, 0700)), EPERM);
		return;
	case 1:
		path_of(path, sizeof(path), "acme/service-tokens/.git");
		must_fail(r, "mkdir .git", CALL(r, "mkdir", mkdir(path, 0700)), EINVAL);
		return;
	case 2:
		path_of(path, sizeof(path), "acme/service-tokens/%s", token);
		path_of(other, sizeof(other), "acme/service-tokens/other");
		must_fail(r, "mv of a token", CALL(r, "rename", rename(path, other)), EPERM);
		return;
	case 3:
		path_of(path, sizeof(path), "acme/service-tokens/%s/%s", token,
			mistyped[below(w->random, 6)]);
		must_fail(r, "a mistyped file",
			  CALL(r, "create", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)),
			  EPERM);
		return;
	case 4:
		path_of(path, sizeof(path), "acme/databases/%s", databases[r->resource]);
		must_fail(r, "rmdir of a database", CALL(r, "rmdir", rmdir(path)), EPERM);
		return;
	default:
		permissions_path(path, sizeof(path), r);
		path_of(other, sizeof(other), "acme/service-tokens/%s/tmp", token);
		must_fail(r, "a hard link", CALL(r, "link", link(path, other)), EPERM);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Operations that grant, revoke and make. Each notes what it asks for before it asks, and what it
 * was told as soon as it was told.
 */
#include "model.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void add(struct text *t, const char *words)
{
	size_t len = strlen(words);

	if (t->len + len < sizeof(t->s)) {
		memcpy(t->s + t->len, words, len + 1);
		t->len += len;
	}
}

static void add_words(struct random *random, struct text *t, const char *sign, uint32_t set)
{
	static const char *const between[] = {" ", ",", "\t", ", ", "\n"};

	for (unsigned i = 0; i < scope_count; i++) {
		if (!(set & 1u << i))
			continue;
		add(t, sign);
		add(t, scope_names[i]);
		add(t, between[below(random, sign[0] == '\0' ? 5 : 4)]);
	}
}

void make_text(struct work *w, struct text *t, unsigned signs)
{
	struct random *random = w->random;
	int resource = w->record->resource;

	*t = (struct text){.len = 0};
	if (chance(random, 5))
		add(t, "# nothing but a comment\n");
	if (!chance(random, signs))
		t->plain = chance(random, 4) ? 0 : some_scopes(random, resource, 4);
	else if (chance(random, 60))
		t->minus = some_scopes(random, resource, 3);
	else
		t->plus = some_scopes(random, resource, 2);
	if (t->plus != 0 && chance(random, 40))
		t->minus = some_scopes(random, resource, 2) & ~t->plus;
	if (chance(random, 2))
		t->plain |= scope_bit("no_such_scope", 13);
	if (chance(random, 1)) /* of the other level */
		t->plain |= some_scopes(random, resource == ORGANIZATION ? 1 : ORGANIZATION, 1);
	t->minus &= ~t->plain;
	w->record->named |= t->plain | t->plus | t->minus;
	add_words(random, t, "", t->plain);
	add_words(random, t, "+", t->plus);
	add_words(random, t, "-", t->minus);
	add(t, "\n");
}

int open_permissions(struct work *w, int flags)
{
	char path[512];

	permissions_path(path, sizeof(path), w->record);
	w->record->writes = w->record->writes || (flags & O_ACCMODE) != O_RDONLY;
	int fd = (int)CALL(w->record, "open", open(path, flags | O_CLOEXEC, 0600));
	if (outside && fd >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		complain(w->record, "a caller that cannot be seen may write");
	return fd;
}

bool write_all(struct record *r, int fd, const char *data, size_t len)
{
	while (len > 0) {
		long n = CALL(r, "write", write(fd, data, len));
		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

uint32_t grants(const struct text *t)
{
	return t->plain | t->plus;
}

static bool is_edit(const struct text *t)
{
	return t->plus != 0 || t->minus != 0;
}

bool write_lines(struct record *r, int fd, const struct text *t)
{
	int64_t from = now_us();

	r->grant |= grants(t);
	r->revoke |= t->minus;
	if (!write_all(r, fd, t->s, t->len))
		return false;
	/* Nothing is granted twice: what was confirmed for this open file is not asked again. */
	uint32_t confirmed = 0;
	for (int i = 0; i < r->claim_count; i++)
		confirmed |= r->claims[i].present;
	claim(r, from, grants(t) & ~confirmed, t->minus);
	return true;
}

/* What an earlier piece has had confirmed is not sent again, whoever has revoked it since. */
static void claim_whole(struct record *r, uint32_t all, int64_t begun, int64_t from)
{
	claim_text(r, begun, all, 0);
	claim_text(r, from, 0, ~all & ALL_SCOPES);
}

/* The text that stands in the file is all that shall be granted. */
static void close_whole(struct work *w, int fd, uint32_t all, int64_t begun, int64_t from)
{
	struct record *r = w->record;

	r->revoke |= ~all & ALL_SCOPES;
	if (chance(w->random, 20)) {
		if (CALL(r, "fsync", fsync(fd)) < 0) {
			close(fd);
			return;
		}
		claim_whole(r, all, begun, from);
	}
	if (CALL(r, "close", close(fd)) == 0)
		claim_whole(r, all, begun, from);
}

void append(struct work *w)
{
	struct text t;
	struct record *r = w->record;
	int fd = open_permissions(w, O_WRONLY | O_APPEND);
	unsigned writes = chance(w->random, 70) ? 1 : 2;

	for (unsigned i = 0; fd >= 0 && i < writes; i++) {
		make_text(w, &t, 50);
		if (!write_lines(r, fd, &t))
			break;
	}
	if (fd >= 0 && chance(w->random, 10))
		CALL(r, "fsync", fsync(fd));
	if (fd >= 0)
		CALL(r, "close", close(fd));
}

void replace(struct work *w)
{
	struct text t;
	struct record *r = w->record;

	make_text(w, &t, 8);
	int64_t from = now_us();
	int fd = open_permissions(w, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return;
	if (!write_lines(r, fd, &t) || is_edit(&t))
		CALL(r, "close", close(fd));
	else
		close_whole(w, fd, grants(&t), from, from);
}

/* As a child in a group "{ …; } > f" does, and bash itself before it writes. */
static void close_elsewhere(struct record *r, int fd)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(close(fd) == 0 ? 0 : 1);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (pid < 0)
		complain(r, "fork: %s", strerror(errno));
}

/* As printf in bash, or a tool with a small buffer: the pieces end anywhere. */
void replace_in_pieces(struct work *w)
{
	struct text t;
	struct record *r = w->record;
	size_t at = 0;

	make_text(w, &t, 0);
	if (t.len > 1 && chance(w->random, 50))
		t.len--; /* the last line is not ended */
	int fd = open_permissions(w, O_WRONLY | O_TRUNC);
	int64_t begun = now_us(), from = begun;
	r->grant |= grants(&t);
	while (fd >= 0 && at < t.len) {
		size_t n = 1 + below(w->random, 30);
		if (n > t.len - at)
			n = t.len - at;
		if (chance(w->random, 15))
			close_elsewhere(r, fd);
		from = now_us();
		if (!write_all(r, fd, t.s + at, n)) {
			close(fd);
			return;
		}
		at += n;
	}
	if (fd >= 0)
		close_whole(w, fd, grants(&t), begun, from);
}

/* ": > f; sync f" */
void empty_by_open(struct work *w)
{
	struct record *r = w->record;
	int64_t from = now_us();

	r->revoke = ALL_SCOPES;
	r->loose = true;
	int fd = open_permissions(w, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return;
	CALL(r, "close", close(fd));
	fd = open_permissions(w, O_RDONLY);
	if (fd < 0)
		return;
	if (CALL(r, "fsync", fsync(fd)) == 0 && same_mount(r))
		claim_text(r, from, 0, ALL_SCOPES);
	close(fd);
}

/* So that the mount goes before the change is done. */
static void delay_revocation(const struct record *r)
{
	char path[512], id[16] = "", body[160];

	path_of(path, sizeof(path), "acme/service-tokens/%s/id", names[r->name]);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, id, sizeof(id) - 1);
	close(fd);
	if (n <= 1)
		return;
	id[n - 1] = '\0';
	snprintf(body, sizeof(body),
		 "{\"method\":\"DELETE\",\"path\":\"*/%s/access\",\"delay_ms\":600}", id);
	cJSON_Delete(ask("POST", "/faults", body));
}

/* "> f", and at once the mount is to go: what was left to do is done, or it is told. */
void empty_and_unmount(struct work *w)
{
	struct record *r = w->record;
	struct text t;

	if (!outside)
		r->name = QUIET;
	make_text(w, &t, 0);
	int fd = open_permissions(w, O_WRONLY | O_APPEND);
	if (fd < 0)
		return;
	write_lines(r, fd, &t);
	close(fd);
	r->claim_count = 0;
	delay_revocation(r);
	r->revoke = ALL_SCOPES;
	r->loose = true;
	int64_t from = now_us();
	fd = open_permissions(w, O_WRONLY | O_TRUNC);
	if (fd >= 0 && CALL(r, "close", close(fd)) == 0)
		r->left = from;
	want_unmount();
}

void truncate_path(struct work *w)
{
	char path[512];
	struct record *r = w->record;
	int64_t from = now_us();

	permissions_path(path, sizeof(path), r);
	r->revoke = ALL_SCOPES;
	if (CALL(r, "truncate", truncate(path, 0)) == 0)
		claim(r, from, 0, ALL_SCOPES);
}

/* As busybox vi or rsync --inplace: write over, then truncate to the new length. */
void overwrite(struct work *w)
{
	struct text t;
	struct stat st = {.st_size = 0};
	struct record *r = w->record;
	int64_t from = now_us();

	make_text(w, &t, 0);
	r->grant |= grants(&t);
	int fd = open_permissions(w, O_RDWR);
	if (fd < 0)
		return;
	r->loose = true;
	CALL(r, "fstat", fstat(fd, &st));
	if (CALL(r, "pwrite", pwrite(fd, t.s, t.len, 0)) < 0 ||
	    CALL(r, "ftruncate", ftruncate(fd, (off_t)t.len)) < 0) {
		r->revoke = ALL_SCOPES;
		close(fd);
		return;
	}
	if (st.st_size > 0) {
		close_whole(w, fd, grants(&t), from, from);
		return;
	}
	/* It was appended to what seemed empty; unless another has written meanwhile: then it has
	 * overwritten that. */
	r->revoke |= ~grants(&t) & ALL_SCOPES;
	if (CALL(r, "close", close(fd)) == 0)
		claim_text(r, from, grants(&t), 0);
}

/* As sed -i and editors do. */
void rename_over(struct work *w)
{
	char path[512], scratch[600];
	struct text t;
	struct record *r = w->record;

	make_text(w, &t, 10);
	permissions_path(path, sizeof(path), r);
	snprintf(scratch, sizeof(scratch), "%.*s.permissions.%06x", (int)(strlen(path) - 11), path,
		 below(w->random, 1u << 24));
	int fd = (int)CALL(r, "create",
			   open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	if (fd < 0)
		return;
	bool written = write_all(r, fd, t.s, t.len);
	if (CALL(r, "close scratch", close(fd)) < 0 || !written)
		return;
	uint32_t absent = is_edit(&t) ? t.minus : ~grants(&t) & ALL_SCOPES;
	r->grant |= grants(&t);
	r->revoke |= absent;
	int64_t from = now_us();
	if (CALL(r, "rename", rename(scratch, path)) == 0)
		claim(r, from, grants(&t), absent);
	else if (r->result == -EXDEV && same_mount(r))
		/* and EINVAL only of a lookup on the way, which a 422 refused */
		complain(r, "rename says %s", strerror(-r->result));
	unlink(scratch); /* if it is still there */
}

/* As vim: the old file becomes the backup, the new one is made. */
void back_up(struct work *w)
{
	char path[512], backup[600];
	struct text t;
	struct record *r = w->record;

	make_text(w, &t, 0);
	permissions_path(path, sizeof(path), r);
	snprintf(backup, sizeof(backup), "%s~", path);
	int64_t from = now_us();
	if (CALL(r, "rename", rename(path, backup)) < 0)
		return;
	int fd = open_permissions(w, O_WRONLY | O_CREAT | O_TRUNC);
	if (fd >= 0 && write_lines(r, fd, &t))
		close_whole(w, fd, grants(&t), from, from);
	else if (fd >= 0)
		close(fd);
	unlink(backup);
}

static void see_secret(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens/%s/header", names[r->name]);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, r->note, sizeof(r->note) - 1);
	close(fd);
	r->note[n > 0 ? n : 0] = '\0';
	if (n > 0)
		r->sight = SAW_SECRET;
}

void make_token(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/service-tokens/%s", names[r->name]);
	r->makes = true;
	if (CALL(r, "mkdir", mkdir(path, 0700)) < 0)
		return;
	r->made = true;
	r->seen_from = now_us();
	see_secret(w);
}

void write_create_token(struct work *w)
{
	char path[512], line[64];
	struct record *r = w->record;

	path_of(path, sizeof(path), "acme/create-token");
	int n = snprintf(line, sizeof(line), "%s ttl=1d\n", names[r->name]);
	int fd = (int)CALL(r, "open", open(path, O_WRONLY | O_CLOEXEC));
	if (fd < 0)
		return;
	if (outside)
		complain(r, "a caller that cannot be seen may write");
	r->makes = true;
	if (CALL(r, "write", write(fd, line, (size_t)n)) == n)
		r->made = true;
	close(fd);
}

/* The reader of a pipe writes when the process that opened the file has ended, and closes. */
static void write_later(struct record *r, int fd, const int ends[2], const char *line)
{
	char c;

	close(ends[1]);
	if (read(ends[0], &c, 1) != 0)
		_exit(1);
	if (CALL(r, "write", write(fd, line, strlen(line))) > 0 && CALL(r, "close", close(fd)) == 0)
		r->made = same_mount(r);
	_exit(0);
}

/* "( (sleep 1; printf NAME) & ) > create-token": made, or it is told. */
void close_unended(struct work *w)
{
	char path[512];
	struct record *r = w->record;
	int ends[2], done[2];
	char c;

	path_of(path, sizeof(path), "acme/create-token");
	if (pipe(ends) != 0 || pipe(done) != 0)
		return;
	pid_t opener = fork();
	if (opener == 0) {
		int fd = (int)CALL(r, "open", open(path, O_WRONLY | O_CLOEXEC));
		if (fd < 0)
			_exit(0);
		if (outside)
			complain(r, "a caller that cannot be seen may write");
		r->makes = true;
		if (fork() == 0)
			write_later(r, fd, ends, names[r->name]);
		_exit(0);
	}
	while (opener > 0 && waitpid(opener, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(ends[0]);
	close(ends[1]); /* now it writes */
	close(done[1]);
	if (read(done[0], &c, 1) != 0) /* it has ended */
		complain(r, "a pipe holds a byte");
	close(done[0]);
}

void refresh(struct work *w)
{
	char path[512];
	struct record *r = w->record;

	if (chance(w->random, 50)) {
		path_of(path, sizeof(path), "acme/service-tokens");
		CALL(r, "utimensat", utimensat(AT_FDCWD, path, NULL, 0));
		return;
	}
	path_of(path, sizeof(path), ".pscalefs/refresh");
	int fd = (int)CALL(r, "open", open(path, O_WRONLY | O_TRUNC | O_CLOEXEC));
	if (fd < 0)
		return;
	CALL(r, "write", write(fd, "\n", 1));
	close(fd);
}

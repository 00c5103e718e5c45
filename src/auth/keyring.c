/* SPDX-License-Identifier: MIT */
#include "auth/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The reader's argv[0], which no other program has; argv[1] is the pid of its parent. */
#define ASKER_NAME "pscalefs-asks-the-keyring"
#define ANSWER_FD  3

/* The last byte of an answer, after the item's text. If it is missing, the reader has failed. */
enum verdict {
	FOUND = '+',
	ABSENT = '-',
	LOCKED = '!',
};

/* The environment variables that GLib's D-Bus code and the dynamic linker need. */
static const char *const passed[] = {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME",
				     "LD_LIBRARY_PATH"};

/* --- in the reader; its memory is freed when it ends ------------------------------------------ */

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

#ifdef WITH_LIBSECRET
#include <dlfcn.h>
#include <libsecret/secret.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "system/descriptors.h"

#define SUPPORTED true

/*
 * Where pscale stores it (github.com/99designs/keyring, secretservice.go): in a collection of its
 * own, in an item with this attribute.
 */
#define COLLECTION "/org/freedesktop/secrets/collection/pscale/"
#define ATTRIBUTE  "profile"
#define VALUE      "access-token"

/* The functions of libsecret and GLib in use, looked up at run time. */
#define SYMBOLS(X)                                                                                 \
	X(secret_password_search_sync)                                                             \
	X(secret_item_get_locked)                                                                  \
	X(secret_item_get_secret)                                                                  \
	X(secret_value_get)                                                                        \
	X(g_dbus_proxy_get_object_path)

struct symbols {
#define MEMBER(name) __typeof__(name) *name;
	SYMBOLS(MEMBER)
#undef MEMBER
};

static bool load(struct symbols *s)
{
	void *library = dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return false;
#define FIND(name)                                                                                 \
	*(void **)&s->name = dlsym(library, #name);                                                \
	if (s->name == NULL)                                                                       \
		return false;
	SYMBOLS(FIND)
#undef FIND
	return true;
}

static enum verdict hand_over(const struct symbols *s, SecretItem *item, int fd)
{
	if (s->secret_item_get_locked(item))
		return LOCKED;
	SecretValue *value = s->secret_item_get_secret(item);
	gsize len = 0;
	const char *text = value != NULL ? s->secret_value_get(value, &len) : NULL;
	return text != NULL && write_all(fd, text, len) ? FOUND : ABSENT;
}

static enum verdict ask(int fd)
{
	static const SecretSchema schema = {
		.name = "pscale",
		.flags = SECRET_SCHEMA_DONT_MATCH_NAME,
		.attributes = {{ATTRIBUTE, SECRET_SCHEMA_ATTRIBUTE_STRING}},
	};
	struct symbols s = {0};

	if (!load(&s))
		return ABSENT;
	/* Other programs use this attribute too: select by the collection. */
	GList *items = s.secret_password_search_sync(
		&schema, SECRET_SEARCH_ALL | SECRET_SEARCH_UNLOCK | SECRET_SEARCH_LOAD_SECRETS,
		NULL, NULL, ATTRIBUTE, VALUE, NULL);
	for (GList *i = items; i != NULL; i = i->next) {
		const char *path = s.g_dbus_proxy_get_object_path(i->data);
		if (path != NULL && str_starts(path, COLLECTION))
			return hand_over(&s, i->data, fd);
	}
	return ABSENT;
}

#else /* built without libsecret */

#define SUPPORTED false

static enum verdict ask(int fd)
{
	(void)fd;
	return ABSENT;
}

#endif

bool keyring_is_asker(int argc, char **argv)
{
	return argc == 2 && str_eq(argv[0], ASKER_NAME);
}

void keyring_be_asker(char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != atoi(argv[1]) || fcntl(ANSWER_FD, F_SETFD, FD_CLOEXEC) != 0)
		_exit(EXIT_FAILURE);
	/* Some descriptors of libcurl and libfuse stay open in an executed program. */
	close_above(ANSWER_FD, -1);
	const char verdict = (char)ask(ANSWER_FD);
	_exit(write_all(ANSWER_FD, &verdict, 1) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* --- in the process that asks ----------------------------------------------------------------- */

char *keyring_program(void)
{
	static const char self[] = "/proc/self/exe"; /* valid also if the file was replaced */
	const char *name = (const char *)getauxval(AT_EXECFN);
	char *path = name != NULL ? realpath(name, NULL) : NULL;
	struct stat ours, named;

	/* Under valgrind and other emulators, /proc/self/exe is the emulator. */
	if (path != NULL && stat(path, &named) == 0 &&
	    (stat(self, &ours) != 0 || ours.st_dev != named.st_dev || ours.st_ino != named.st_ino))
		return path;
	free(path);
	return xstrdup(self);
}

/* Without a bus address or a bus socket, GLib would start a bus, which may open a window. */
static bool session_exists(void)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (address != NULL && address[0] != '\0')
		return true;
	if (runtime == NULL || runtime[0] != '/')
		return false;
	cleanup(free_ptr) char *bus = xasprintf("%s/bus", runtime);
	return access(bus, W_OK) == 0;
}

/* "NAME=value" for each variable that is set, then NULL. */
static void pass_environment(char *v[static ARRAY_LEN(passed) + 1])
{
	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		char *value = getenv(passed[i]);
		if (value != NULL)
			*v++ = value - strlen(passed[i]) - 1;
	}
	*v = NULL;
}

/* Resets the signals that we block or ignore in the reader. 0 or a positive errno. */
static int spawn(pid_t *pid, const char *program, int answer_fd)
{
	char name[] = ASKER_NAME, parent[16];
	char *argv[] = {name, parent, NULL}, *env[ARRAY_LEN(passed) + 1];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, ignored;

	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	pass_environment(env);
	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, answer_fd, ANSWER_FD);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int r = posix_spawn(pid, program, &files, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return r;
}

static const struct keyring_delegate *delegate;

void keyring_delegate(const struct keyring_delegate *d)
{
	delegate = d;
}

int keyring_ask(struct keyring_reader *a, const char *program, struct error *e)
{
	int fds[2];

	*a = (struct keyring_reader){.fd = -1};
	if (delegate != NULL) {
		int r = delegate->start(&a->fd, e);
		a->pid = r == 0 ? -1 : 0;
		return r;
	}
	if (!SUPPORTED || !session_exists())
		return -ENOENT;
	if (pipe2(fds, O_CLOEXEC) != 0)
		return error_set(e, errno, "cannot ask the keyring: %s", strerror(errno));
	int r = spawn(&a->pid, program, fds[1]);
	close(fds[1]);
	if (r != 0) {
		close(fds[0]);
		a->pid = 0;
		return error_set(e, r, "cannot ask the keyring: %s: %s", program, strerror(r));
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	a->fd = fds[0];
	return 0;
}

static int judge(const char *text, size_t *len, struct error *e)
{
	int verdict = *len > 0 ? text[--*len] : ABSENT;

	if (verdict == LOCKED) {
		error_set(e, EACCES, "the login of pscale is in a keyring that is locked");
		error_hint(e, "unlock the keyring, or give another credential");
		return -EACCES;
	}
	return verdict == FOUND && *len > 0 ? 0 : -ENOENT;
}

int keyring_answer(struct keyring_reader *a, char *out, size_t size, size_t *len, struct error *e)
{
	for (;;) {
		ssize_t n = read(a->fd, out + *len, size - *len);
		if (n > 0)
			*len += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			return WAIT;
		else if (n == 0 || errno != EINTR)
			return judge(out, len, e); /* a cut answer has no verdict, and is refused */
	}
}

int keyring_late(struct error *e)
{
	error_set(e, ETIMEDOUT,
		  "the keyring, where pscale keeps its login, did not answer in time");
	error_hint(e, "unlock the keyring, or give another credential");
	return -ETIMEDOUT;
}

void keyring_end(struct keyring_reader *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
	if (a->pid > 0) {
		kill(a->pid, SIGKILL);
	} else if (a->pid < 0) {
		delegate->end();
		a->pid = 0;
	}
}

bool keyring_gone(struct keyring_reader *a)
{
	if (a->pid > 0 && waitpid(a->pid, NULL, WNOHANG) != 0)
		a->pid = 0;
	return a->pid == 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int keyring_read(const char *program, char *out, size_t size, size_t *len, struct error *e)
{
	int64_t until = now_ms() + KEYRING_TIMEOUT_MS, left = KEYRING_TIMEOUT_MS;
	struct keyring_reader a;
	int r = keyring_ask(&a, program, e);

	*len = 0;
	if (r != 0)
		return r;
	while ((r = keyring_answer(&a, out, size, len, e)) == WAIT && left > 0) {
		struct pollfd p = {.fd = a.fd, .events = POLLIN};
		poll(&p, 1, (int)left);
		left = until - now_ms();
	}
	keyring_end(&a);
	while (a.pid > 0 && waitpid(a.pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r == WAIT ? keyring_late(e) : r;
}

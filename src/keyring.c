#include "keyring.h"

#include <errno.h>

#ifdef WITH_LIBSECRET
#include <dlfcn.h>
#include <fcntl.h>
#include <libsecret/secret.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Where pscale keeps it (github.com/99designs/keyring, secretservice.go): a collection of its own,
 * and in it an item with this attribute.
 */
#define COLLECTION "/org/freedesktop/secrets/collection/pscale/"
#define ATTRIBUTE  "profile"
#define VALUE      "access-token"

enum verdict {
	FOUND,
	ABSENT = 10, /* not the status of anything that went wrong on its own */
	LOCKED,
};

/* What is used of libsecret and of GLib, found when it is needed. */
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

/* --- in the process that asks; what it allocates ends with it ----------------------------------
 */

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
	/* Others keep items of this attribute too: the collection tells ours. */
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

/* --- in the process that wants to know ---------------------------------------------------------
 */

/* Without one of these GLib would start a bus, and with it windows. */
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

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until the other side closes. False: it did not in time. */
static bool read_all(int fd, char *out, size_t size, size_t *len, int timeout_ms)
{
	int64_t until = now_ms() + timeout_ms;

	*len = 0;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = until - now_ms();
		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		ssize_t n = read(fd, out + *len, size - *len);
		if (n > 0)
			*len += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return true; /* the end, or no room: too much is cut and makes no sense */
	}
}

static int verdict_errno(int status, size_t len, struct error *e)
{
	int verdict = WIFEXITED(status) ? WEXITSTATUS(status) : ABSENT;

	if (verdict == LOCKED) {
		error_set(e, EACCES, "the login of pscale is in a keyring that is locked");
		error_hint(e, "unlock the keyring, or give another credential");
		return -EACCES;
	}
	return verdict == FOUND && len > 0 ? 0 : -ENOENT;
}

static _Noreturn void be_the_asker(int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	_exit(getppid() == parent ? (int)ask(fd) : ABSENT);
}

int keyring_read(char *out, size_t size, size_t *len, int timeout_ms, struct error *e)
{
	pid_t parent = getpid();
	int fds[2], status = 0;

	*len = 0;
	if (!session_exists() || pipe2(fds, O_CLOEXEC) != 0)
		return -ENOENT;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		be_the_asker(fds[1], parent);
	close(fds[1]);
	bool answered = child > 0 && read_all(fds[0], out, size, len, timeout_ms);
	close(fds[0]);
	if (child < 0)
		return -ENOENT;
	if (!answered)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (answered)
		return verdict_errno(status, *len, e);
	error_set(e, ETIMEDOUT, "the keyring, where pscale keeps its login, did not answer in %d s",
		  timeout_ms / 1000);
	error_hint(e, "unlock the keyring, or give another credential");
	return -ETIMEDOUT;
}

#else /* no libsecret when this was built */

int keyring_read(char *out, size_t size, size_t *len, int timeout_ms, struct error *e)
{
	(void)out, (void)size, (void)timeout_ms, (void)e;
	*len = 0;
	return -ENOENT;
}

#endif

/* SPDX-License-Identifier: MIT */
/* notify: the datagrams that a service manager gets, through a socket of either kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/xmalloc.h"
#include "system/notify.h"

/* A service manager's end: a bound socket, whose address is put into the environment. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

/* The next datagram, as a string; NULL: there is none. */
static char *receive(int fd)
{
	char text[2048];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	return n < 0 ? NULL : xstrndup(text, (size_t)n);
}

static void assert_received(int fd, const char *expected)
{
	cleanup(free_ptr) char *text = receive(fd);

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static void assert_silent(int fd)
{
	cleanup(free_ptr) char *text = receive(fd);

	assert_null(text);
}

static void assert_a_service_is_told(const char *name)
{
	struct notify n;
	struct error e = {0};
	unsigned long long usec = 0;
	int fd = listen_at(name), end = 0;

	notify_open(&n);
	assert_true(n.fd >= 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_silent(fd);
	notify_ready(&n, "mounted");
	assert_received(fd, "READY=1\nSTATUS=mounted\n");
	notify_status(&n, "a\nREADY=1");
	assert_received(fd, "STATUS=a READY=1\n");
	notify_stopping(&n, NULL);
	assert_received(fd, "STOPPING=1\n");
	error_set(&e, EKEYREJECTED, "no");
	notify_failed(&n, &e);
	cleanup(free_ptr) char *failed = xasprintf("ERRNO=%d\nSTATUS=no\n", EKEYREJECTED);
	assert_received(fd, failed);
	notify_reloading(&n);
	cleanup(free_ptr) char *text = receive(fd);
	assert_non_null(text);
	sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=%n", &usec, &end);
	assert_true(usec > 0 && end > 0);
	notify_close(&n);
	notify_close(&n);
	notify_ready(&n, "mounted");
	assert_silent(fd);
	close(fd);
}

static void a_socket_that_is_a_file_is_told(void **state)
{
	char directory[] = "/tmp/notify.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(directory));
	cleanup(free_ptr) char *path = xasprintf("%s/socket", directory);
	assert_a_service_is_told(path);
	unlink(path);
	rmdir(directory);
}

static void an_abstract_socket_is_told(void **state)
{
	(void)state;
	cleanup(free_ptr) char *name = xasprintf("@pscalefs-test-notify-%d", (int)getpid());
	assert_a_service_is_told(name);
}

/* With this in the environment there is nobody to tell, and no call fails. */
static void assert_nobody_is_told(const char *name)
{
	struct notify n;

	if (name != NULL)
		setenv("NOTIFY_SOCKET", name, 1);
	else
		unsetenv("NOTIFY_SOCKET");
	notify_open(&n);
	assert_int_equal(n.fd, -1);
	notify_ready(&n, "mounted");
	notify_reloading(&n);
	notify_close(&n);
}

static void without_a_socket_nothing_happens(void **state)
{
	char longest[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	const char *const names[] = {NULL,        "",      "@", "relative",
				     "vsock:2:1", longest, "/", "/none/such"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_nobody_is_told(names[i]);
}

static void a_manager_that_has_gone_is_no_failure(void **state)
{
	struct notify n;
	cleanup(free_ptr) char *name = xasprintf("@pscalefs-test-notify-%d", (int)getpid());
	int fd = listen_at(name);

	(void)state;
	notify_open(&n);
	close(fd);
	notify_ready(&n, "mounted");
	notify_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_that_is_a_file_is_told),
		cmocka_unit_test(an_abstract_socket_is_told),
		cmocka_unit_test(without_a_socket_nothing_happens),
		cmocka_unit_test(a_manager_that_has_gone_is_no_failure),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}

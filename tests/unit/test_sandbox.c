/* SPDX-License-Identifier: MIT */
/*
 * sandbox: what is forbidden is tried from inside, and what serving takes is done there.
 *
 * Each attempt is made by a process of its own, outside first: there it has to succeed, or the
 * refusal inside would show nothing.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/macros.h"
#include "system/capability.h"
#include "system/sandbox.h"

#define LANDLOCK_CREATE_RULESET 444
#define BROKEN                  200 /* an attempt's exit status: the test itself does not work */

/* What the attempts aim at, made by set_up(). */
static char own_file[] = "sandbox-test.XXXXXX";
static char socket_path[64], abstract_path[64];
static int allowed_listener, other_listener, system_log, abstract_listener;
static uint16_t allowed_port, other_port;
static pid_t sibling;

static int outcome(long r)
{
	return r >= 0 ? 0 : errno;
}

/* --- what is forbidden: 0, or the errno ------------------------------------------------------- */

static int reads_a_file(void)
{
	return outcome(open(own_file, O_RDONLY));
}

static int writes_a_file(void)
{
	return outcome(open(own_file, O_WRONLY));
}

static int makes_a_file(void)
{
	return outcome(open("sandbox-test.new", O_CREAT | O_RDWR, 0600));
}

static int removes_a_file(void)
{
	return outcome(unlink("sandbox-test.new"));
}

static int lists_home(void)
{
	return outcome(open(".", O_RDONLY | O_DIRECTORY));
}

static int reads_shadow(void)
{
	return outcome(open("/etc/shadow", O_RDONLY));
}

static int connects(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return outcome(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int connects_elsewhere(void)
{
	return connects(other_port);
}

static int listens(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0)
		return errno;
	return outcome(listen(fd, 1));
}

static int connects_abstractly(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path + 1, sizeof(to.sun_path) - 1, "%s", abstract_path);
	return outcome(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int signals_another(void)
{
	return outcome(kill(sibling, 0));
}

static int executes(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return outcome(pid);
}

static int traces(void)
{
	return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int looks_at_another(void)
{
	char path[64], exe[256];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)sibling);
	return outcome(readlink(path, exe, sizeof(exe)));
}

static int reads_anothers_memory(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {own_file, 1};

	return outcome(syscall(SYS_process_vm_readv, sibling, &here, 1, &there, 1, 0));
}

static int mounts(void)
{
	return outcome(mount("none", "/mnt", "tmpfs", 0, NULL));
}

static int unmounts(void)
{
	/* As root: EINVAL, it is no mount; and that is as good as success. */
	return umount2("/dev/null", 0) == 0 || errno == EINVAL ? 0 : errno;
}

static int makes_a_namespace(void)
{
	return outcome(unshare(CLONE_NEWUTS));
}

static int changes_user(void)
{
	return outcome(syscall(SYS_setresuid, geteuid(), geteuid(), geteuid()));
}

static int sees_through_memory(void)
{
	/* EINVAL: the kernel has it. */
	return syscall(SYS_userfaultfd, -1) < 0 && errno != EINVAL && errno != EPERM ? errno : 0;
}

static int uses_the_kernels_keys(void)
{
	return outcome(syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 1));
}

enum who {
	ANYBODY,
	ROOT
};

enum by {
	LANDLOCK = 1,
	LANDLOCK_NET = 4, /* in this version of it */
	LANDLOCK_SCOPE = 6,
	SECCOMP = 100,
	UNPRIVILEGED, /* capabilities and the like, which every kernel has */
};

static const struct {
	const char *name;
	int (*attempt)(void);
	enum by by;
	enum who who;
	bool sanitizers; /* their runtimes do that themselves, so it is not forbidden there */
} forbidden[] = {
	{"read a file", reads_a_file, LANDLOCK, ANYBODY, false},
	{"write a file", writes_a_file, LANDLOCK, ANYBODY, false},
	{"make a file", makes_a_file, LANDLOCK, ANYBODY, false},
	{"remove a file", removes_a_file, LANDLOCK, ANYBODY, false},
	{"list the working directory", lists_home, LANDLOCK, ANYBODY, false},
	{"read /etc/shadow", reads_shadow, UNPRIVILEGED, ROOT, false},
	{"connect to another port", connects_elsewhere, LANDLOCK_NET, ANYBODY, false},
	{"listen", listens, LANDLOCK_NET, ANYBODY, false},
	{"listen", listens, SECCOMP, ANYBODY, false},
	{"connect to an abstract socket", connects_abstractly, LANDLOCK_SCOPE, ANYBODY, false},
	{"signal another process", signals_another, LANDLOCK_SCOPE, ANYBODY, false},
	{"signal another process", signals_another, SECCOMP, ANYBODY, true},
	{"see another's program", looks_at_another, LANDLOCK, ANYBODY, false},
	{"execute a program", executes, SECCOMP, ANYBODY, false},
	{"fork", forks, SECCOMP, ANYBODY, true},
	{"trace", traces, SECCOMP, ANYBODY, true},
	{"read another's memory", reads_anothers_memory, SECCOMP, ANYBODY, false},
	{"mount", mounts, UNPRIVILEGED, ROOT, false},
	{"unmount", unmounts, UNPRIVILEGED, ROOT, false},
	{"make a namespace", makes_a_namespace, UNPRIVILEGED, ROOT, false},
	{"change user", changes_user, SECCOMP, ANYBODY, false},
	{"userfaultfd", sees_through_memory, SECCOMP, ANYBODY, false},
	{"keyctl", uses_the_kernels_keys, SECCOMP, ANYBODY, false},
};

/* --- what must work: 0, or anything else ------------------------------------------------------ */

static int resolves(void)
{
	struct addrinfo *all = NULL, hints = {.ai_socktype = SOCK_STREAM};
	int r = getaddrinfo("localhost", "80", &hints, &all);

	if (r == 0)
		freeaddrinfo(all);
	return r;
}

static void *resolve_in_thread(void *ctx)
{
	*(int *)ctx = resolves();
	return NULL;
}

static int resolves_in_a_thread(void)
{
	int result = BROKEN;
	pthread_t thread;
	int r = pthread_create(&thread, NULL, resolve_in_thread, &result);

	if (r == 0)
		pthread_join(thread, NULL);
	return r != 0 ? r : result;
}

static int connects_to_the_api(void)
{
	return connects(allowed_port);
}

static int logs(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", socket_path);
	return outcome(sendto(fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)));
}

static int reads_the_resolvers_files(void)
{
	static const char *const files[] = {"/etc/nsswitch.conf", "/etc/hosts", "/proc/self/maps",
					    "/dev/urandom"};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (open(files[i], O_RDONLY | O_CLOEXEC) < 0 && errno != ENOENT)
			return errno;
	return 0;
}

static int loads_a_library(void)
{
	return dlopen("libresolv.so.2", RTLD_NOW) != NULL ? 0 : ELIBACC;
}

/* As main.c does for --cacert. */
static int reads_what_was_copied(void)
{
	char path[64], byte;
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (write(fd, "x", 1) != 1)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, O_RDONLY | O_CLOEXEC);
	return again >= 0 && read(again, &byte, 1) == 1 ? 0 : errno;
}

static int wakes_itself(void)
{
	int fds[2];

	return eventfd(0, EFD_CLOEXEC) < 0 || pipe2(fds, O_CLOEXEC) != 0 ||
			       socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0
		       ? errno
		       : 0;
}

static int keeps_secrets(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || madvise(page, 4096, MADV_DONTDUMP) != 0)
		return errno;
	return outcome(mlock(page, 4096));
}

static long landlock_version(void)
{
	long v = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, 1);

	return v < 0 ? 0 : v;
}

/* Built in, and the kernel knows it. */
static bool has_seccomp(void)
{
#ifdef WITH_SECCOMP
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0; /* the mode, inside */
#else
	return false;
#endif
}

static int has_nothing_left(void)
{
	struct buf status = BUF_INIT;

	sandbox_print(&status);
	const char *lacking = strstr(buf_str(&status), "sandbox lacks:");
	bool said = strstr(buf_str(&status), "sandbox: no-new-privs") != NULL &&
		    strstr(buf_str(&status), "capabilities: none\n") != NULL &&
		    (lacking == NULL || strstr(lacking, "seccomp") == NULL) == has_seccomp();
	buf_finish(&status);
	return said && capability_permitted() == 0 ? 0 : EINVAL;
}

static const struct {
	const char *name;
	int (*attempt)(void);
} needed[] = {
	{"resolve a name", resolves},
	{"resolve a name in a thread", resolves_in_a_thread},
	{"connect to the API", connects_to_the_api},
	{"write to the system log", logs},
	{"read the resolver's files", reads_the_resolvers_files},
	{"load a library", loads_a_library},
	{"read a copy in memory", reads_what_was_copied},
	{"wake itself", wakes_itself},
	{"lock memory", keeps_secrets},
	{"say what is in force", has_nothing_left},
};

/* --- the cases -------------------------------------------------------------------------------- */

static void enter(void)
{
	const struct sandbox_rules rules = {.ports = &allowed_port, .n_ports = 1};

	sandbox_enter(&rules);
}

/* Run `attempt` in a process of its own. Its errno, 0; or -SIGNAL if that ended it. */
static int tried(int (*attempt)(void), bool inside)
{
	int status = 0;

	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		if (inside)
			enter();
		/* What is executed has to end as an attempt that succeeds. */
		_exit(attempt());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool in_force(enum by by)
{
	return by == UNPRIVILEGED ||
	       (by == SECCOMP ? has_seccomp() : landlock_version() >= (long)by);
}

static void test_forbidden(void **state)
{
	unsigned tried_inside = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		if ((forbidden[i].sanitizers && ADDRESS_SANITIZER) || !in_force(forbidden[i].by) ||
		    (forbidden[i].who == ROOT && geteuid() != 0))
			continue;
		int outside = tried(forbidden[i].attempt, false);
		int inside = tried(forbidden[i].attempt, true);
		if (outside != 0 || inside == 0 || inside == BROKEN ||
		    (inside < 0 && inside != -SIGSYS))
			fail_msg("%s: %d outside, %d inside", forbidden[i].name, outside, inside);
		tried_inside++;
	}
	assert_true(tried_inside > 0);
}

static void test_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		int inside = tried(needed[i].attempt, true);
		if (inside != 0)
			fail_msg("%s: %d (%s)", needed[i].name, inside, strerror(inside));
	}
}

/* Who only tries what is unknown goes on; who tries what no part of us does is ended. */
static int unknown_call(void)
{
	return outcome(syscall(5000));
}

static void test_kinds_of_refusal(void **state)
{
	(void)state;
	if (!has_seccomp())
		skip();
	assert_int_equal(tried(executes, true), -SIGSYS);
	assert_int_equal(tried(changes_user, true), -SIGSYS);
	assert_int_equal(tried(unknown_call, true), ENOSYS);
	assert_int_equal(tried(listens, true),
			 landlock_version() >= LANDLOCK_NET ? EACCES : ENOSYS);
}

static void test_off_until_entered(void **state)
{
	struct buf status = BUF_INIT;

	(void)state;
	sandbox_print(&status);
	assert_non_null(strstr(buf_str(&status), "sandbox: off\n"));
	buf_finish(&status);
}

/* --- what there is to try --------------------------------------------------------------------- */

static int listener(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 100) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return -1;
	*port = ntohs(at.sin_port);
	return fd;
}

static int local_socket(int type, const char *path, bool abstract)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path + abstract, sizeof(at.sun_path) - 1, "%s", path);
	return bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

static int set_up(void **state)
{
	(void)state;
	/* Wherever the test was built, which may be below /tmp: the sanitizers may write there. */
	if (chdir("/var/tmp") != 0)
		return -1;
	/* Whoever the attempts are made as may do this. */
	snprintf(socket_path, sizeof(socket_path), "/tmp/pscalefs-test-%d", (int)getpid());
	snprintf(abstract_path, sizeof(abstract_path), "pscalefs-test-%d", (int)getpid());
	allowed_listener = listener(&allowed_port);
	other_listener = listener(&other_port);
	system_log = local_socket(SOCK_DGRAM, socket_path, false);
	abstract_listener = local_socket(SOCK_STREAM, abstract_path, true);
	int fd = mkstemp(own_file);
	sibling = fork();
	if (sibling == 0)
		for (;;)
			pause();
	return allowed_listener < 0 || other_listener < 0 || fd < 0 || system_log < 0 ||
	       listen(abstract_listener, 100) != 0 || chmod(socket_path, 0666) != 0 ||
	       chmod(own_file, 0666) != 0 || close(fd) != 0 || sibling < 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(socket_path);
	unlink(own_file);
	unlink("sandbox-test.new");
	kill(sibling, SIGKILL);
	return waitpid(sibling, NULL, 0) != sibling;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off_until_entered),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_kinds_of_refusal),
	};

	return cmocka_run_group_tests_name("sandbox", tests, set_up, tear_down);
}

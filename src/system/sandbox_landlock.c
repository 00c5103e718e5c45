/* SPDX-License-Identifier: MIT */
/*
 * The landlock(7) part of sandbox, by direct system calls: the C library has no functions for
 * them, and the kernel headers of the build machine may be older than the running kernel.
 */
#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "system/sandbox.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <linux/landlock.h>; all architectures but Alpha have the same system call numbers. */
#define CREATE_RULESET      444
#define ADD_RULE            445
#define RESTRICT_SELF       446
#define CREATE_VERSION      1u
#define RULE_PATH_BENEATH   1
#define RULE_NET_PORT       2
#define FS_WRITE_FILE       (1ull << 1)
#define FS_READ_FILE        (1ull << 2)
#define FS_READ_DIR         (1ull << 3)
#define FS_MAKE_REG         (1ull << 8)
#define FS_FIRST_BITS       13 /* of version 1; then REFER, TRUNCATE, IOCTL_DEV */
#define NET_BIND_TCP        (1ull << 0)
#define NET_CONNECT_TCP     (1ull << 1)
#define SCOPE_ABSTRACT_UNIX (1ull << 0)
#define SCOPE_SIGNAL        (1ull << 1)
#define DNS_PORT            53 /* over TCP, for answers that are too long for UDP */

struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net; /* from version 4 */
	uint64_t scoped;      /* from version 6 */
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

struct net_port {
	uint64_t allowed;
	uint64_t port;
};

/*
 * Files that the resolver, TLS libraries and the C library open at run time. A rule for a file
 * ends when the file is replaced by rename, as resolv.conf is; such a file needs a rule for its
 * directory.
 */
static const char *const readable[] = {
	"/usr", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/sys/devices/system/cpu",
	/* targets of the link /etc/resolv.conf, one for each program that manages it */
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/connman",
	/* read by modules of nsswitch.conf */
	"/var/cache/nscd", "/var/lib/sss/mc", "/var/lib/sss/pubconf", "/dev/random",
	"/dev/urandom"};

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* If the path does not exist, there is nothing to allow. */
static void allow_path(int ruleset, const char *path, uint64_t access)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!is_directory(fd))
		access &= FS_READ_FILE | FS_WRITE_FILE;
	struct path_beneath rule = {access, fd};
	syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
	close(fd);
}

/* Allow the directory of the file that /etc/resolv.conf links to, unless that directory also has
 * other files. */
static void allow_resolver(int ruleset)
{
	static const char *const crowded[] = {"/",    "/run",  "/var", "/var/run",
					      "/tmp", "/home", "/root"};
	cleanup(free_ptr) char *file = realpath("/etc/resolv.conf", NULL);
	char *slash = file != NULL ? strrchr(file, '/') : NULL;

	if (slash == NULL)
		return;
	allow_path(ruleset, file, FS_READ_FILE);
	*slash = '\0';
	for (size_t i = 0; i < ARRAY_LEN(crowded); i++)
		if (file[0] == '\0' || str_eq(file, crowded[i]))
			return;
	allow_path(ruleset, file, FS_READ_FILE | FS_READ_DIR);
}

static void allow_files(int ruleset)
{
	for (size_t i = 0; i < ARRAY_LEN(readable); i++)
		allow_path(ruleset, readable[i], FS_READ_FILE | FS_READ_DIR);
	allow_path(ruleset, "/dev/null", FS_READ_FILE | FS_WRITE_FILE);
	allow_resolver(ruleset);
	if (ADDRESS_SANITIZER) /* their reports: log_path= */
		allow_path(ruleset, "/tmp", FS_READ_FILE | FS_WRITE_FILE | FS_MAKE_REG);
}

static void allow_ports(int ruleset, const struct sandbox_rules *rules)
{
	struct net_port rule = {NET_CONNECT_TCP, DNS_PORT};

	syscall(ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0);
	for (size_t i = 0; i < rules->n_ports; i++) {
		rule.port = rules->ports[i];
		syscall(ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0);
	}
}

/* Everything that this version of landlock can forbid. */
static struct ruleset everything(long version)
{
	int bits = FS_FIRST_BITS + (version >= 2) + (version >= 3) + (version >= 5);
	struct ruleset r = {.handled_fs = (1ull << bits) - 1};

	if (version >= SANDBOX_LANDLOCK_TCP)
		r.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 6)
		r.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	return r;
}

long sandbox_landlock_version(void)
{
	long version = syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION);

	return version > 0 ? version : 0;
}

struct sandbox_landlock sandbox_landlock(const struct sandbox_rules *rules)
{
	const struct sandbox_landlock nothing = {0};
	long version = sandbox_landlock_version();

	if (version < 1)
		return nothing;
	struct ruleset r = everything(version);
	/* An older kernel accepts a longer structure if the rest is zero. */
	int fd = (int)syscall(CREATE_RULESET, &r, sizeof(r), 0);
	if (fd < 0)
		return nothing;
	allow_files(fd);
	if (r.handled_net != 0)
		allow_ports(fd, rules);
	bool restricted = syscall(RESTRICT_SELF, fd, 0) == 0;
	close(fd);
	if (!restricted)
		return nothing;
	return (struct sandbox_landlock){true, r.handled_net != 0, r.scoped != 0};
}

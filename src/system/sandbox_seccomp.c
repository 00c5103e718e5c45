/* SPDX-License-Identifier: MIT */
/*
 * The seccomp part of sandbox, by libseccomp, which knows the system call numbers of each
 * architecture.
 *
 * There are three kinds of system calls. Allowed: what the loop and its libraries use, in this and
 * in newer versions; the list is generous for calls that only affect this process. Calls that are
 * useful to an intruder and used by nothing here end the process, and the kernel logs that. All
 * others fail with ENOSYS, which libraries understand as "not on this kernel", and use something
 * else.
 */
#include "base/macros.h"
#include "base/text.h"
#include "system/sandbox.h"

#ifndef WITH_SECCOMP

bool sandbox_seccomp(void)
{
	return false;
}

bool sandbox_seccomp_available(void)
{
	return false;
}

#else

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Names that this architecture or libseccomp version does not know are skipped. */
static const char *const allowed[] = {
	/* descriptors and files; landlock limits which files */
	"read",
	"readv",
	"pread64",
	"preadv",
	"preadv2",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"close",
	"close_range",
	"lseek",
	"_llseek",
	"open",
	"openat",
	"stat",
	"stat64",
	"fstat",
	"fstat64",
	"lstat",
	"lstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getcwd",
	"getdents",
	"getdents64",
	"fcntl",
	"fcntl64",
	"dup",
	"dup2",
	"dup3",
	"pipe",
	"pipe2",
	"eventfd",
	"eventfd2",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_ctl_old",
	"epoll_wait",
	"epoll_wait_old",
	"epoll_pwait",
	"epoll_pwait2",
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"_newselect",
	"pselect6",
	"pselect6_time64",
	"fstatfs",
	"fstatfs64",
	"statfs",
	"statfs64",
	"fadvise64",
	"fadvise64_64",
	"readahead",
	"umask",
	"memfd_create",
	/* memory */
	"mmap",
	"mmap2",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	"brk",
	"mlock",
	"mlock2",
	"munlock",
	"mincore",
	"msync",
	"membarrier",
	"pkey_mprotect",
	"mseal",
	"map_shadow_stack",
	/* sockets; socket(2) itself is below */
	"connect",
	"bind",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"send",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"recv",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"recvmmsg_time64",
	"shutdown",
	"socketcall",
	/* time and random numbers */
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_getres_time64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"nanosleep",
	"gettimeofday",
	"time",
	"times",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_settime64",
	"timerfd_gettime",
	"timerfd_gettime64",
	"getrandom",
	"getitimer",
	/* threads and signals of this process */
	"futex",
	"futex_time64",
	"futex_waitv",
	"futex_wake",
	"futex_wait",
	"futex_requeue",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"set_tid_address",
	"set_thread_area",
	"get_thread_area",
	"arch_prctl",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"getcpu",
	"getpriority",
	"exit",
	"exit_group",
	"wait4",
	"waitid",
	"waitpid",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigpending",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"rt_sigtimedwait_time64",
	"sigaltstack",
	"sigaction",
	"sigprocmask",
	"sigreturn",
	"signalfd",
	"signalfd4",
	"restart_syscall",
	"pause",
	/* attributes of this process */
	"getpid",
	"getppid",
	"gettid",
	"getpgrp",
	"getpgid",
	"getsid",
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"getresuid",
	"getresuid32",
	"getresgid",
	"getresgid32",
	"getgroups",
	"getgroups32",
	"capget",
	"uname",
	"sysinfo",
	"getrusage",
	"getrlimit",
	"ugetrlimit",
	"cacheflush",
	"riscv_flush_icache",
	"riscv_hwprobe",
};

static const char *const deadly[] = {
	/* another program, another process */
	"execve",
	"execveat",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"process_mrelease",
	"pidfd_getfd",
	"kcmp",
	"migrate_pages",
	"move_pages",
	/* another view of the system */
	"mount",
	"umount",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"open_tree_attr",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	"unshare",
	"setns",
	"open_by_handle_at",
	"name_to_handle_at",
	"mknod",
	"mknodat",
	/* another user */
	"setuid",
	"setuid32",
	"setgid",
	"setgid32",
	"setreuid",
	"setreuid32",
	"setregid",
	"setregid32",
	"setresuid",
	"setresuid32",
	"setresgid",
	"setresgid32",
	"setfsuid",
	"setfsuid32",
	"setfsgid",
	"setfsgid32",
	"setgroups",
	"setgroups32",
	"capset",
	/* the kernel itself */
	"init_module",
	"finit_module",
	"delete_module",
	"create_module",
	"kexec_load",
	"kexec_file_load",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"keyctl",
	"add_key",
	"request_key",
	"personality",
	"modify_ldt",
	"vm86",
	"vm86old",
	"iopl",
	"ioperm",
	"reboot",
	"swapon",
	"swapoff",
	"acct",
	"quotactl",
	"quotactl_fd",
	"settimeofday",
	"stime",
	"clock_settime",
	"clock_settime64",
	"clock_adjtime",
	"clock_adjtime64",
	"adjtimex",
	"sethostname",
	"setdomainname",
	"syslog",
	"lookup_dcookie",
	"nfsservctl",
	"uselib",
	"sysfs",
	"_sysctl",
};

/* The leak check of the sanitizers runs in a process that traces this one. */
static const char *const sanitizing[] = {"ptrace", "clone", "kill", "tkill", "unlink", "prctl"};

static bool rule(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned n,
		 const struct scmp_arg_cmp *conditions)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return true;
	int r = seccomp_rule_add_array(filter, action, number, n, conditions);
	/* -EEXIST: another name has the same number. The others: not on this architecture. */
	return r == 0 || r == -EDOM || r == -EEXIST || (r == -EINVAL && number < 0);
}

static bool rules(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t n)
{
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++)
		ok = rule(filter, action, names[i], 0, NULL);
	return ok;
}

static bool allow_if(scmp_filter_ctx filter, const char *name, unsigned argument, uint64_t value)
{
	const struct scmp_arg_cmp is = SCMP_CMP64(argument, SCMP_CMP_EQ, value, 0);

	return rule(filter, SCMP_ACT_ALLOW, name, 1, &is);
}

/* System calls that are allowed for some arguments only. */
static bool allow_some(scmp_filter_ctx filter)
{
	static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
	static const unsigned ioctls[] = {FIONREAD, FIONBIO, TCGETS, SIOCGIFINDEX, SIOCGIFNAME};
	static const unsigned prctls[] = {PR_SET_NAME,         PR_GET_NAME,    PR_GET_DUMPABLE,
					  PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_CAPBSET_READ,
					  0x53564d41 /* PR_SET_VMA: gives memory a name */};
	const struct scmp_arg_cmp netlink[] = {SCMP_A0_64(SCMP_CMP_EQ, AF_NETLINK, 0),
					       SCMP_A2_64(SCMP_CMP_EQ, NETLINK_ROUTE, 0)};
	const struct scmp_arg_cmp thread = SCMP_A0_64(
		SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM | CLONE_NEWUSER | CLONE_NEWNS,
		CLONE_THREAD | CLONE_VM);
	uint64_t self = (uint64_t)getpid();
	bool ok = rule(filter, SCMP_ACT_ALLOW, "socket", 2, netlink) &&
		  rule(filter, SCMP_ACT_ALLOW, "clone", 1, &thread) &&
		  allow_if(filter, "socketpair", 0, AF_UNIX) && allow_if(filter, "kill", 0, self) &&
		  allow_if(filter, "tgkill", 0, self) && allow_if(filter, "prlimit64", 0, 0) &&
		  allow_if(filter, "prlimit64", 0, self);

	for (size_t i = 0; ok && i < ARRAY_LEN(families); i++)
		ok = allow_if(filter, "socket", 0, (uint64_t)families[i]);
	for (size_t i = 0; ok && i < ARRAY_LEN(ioctls); i++)
		ok = allow_if(filter, "ioctl", 1, ioctls[i]);
	for (size_t i = 0; ok && i < ARRAY_LEN(prctls); i++)
		ok = allow_if(filter, "prctl", 0, prctls[i]);
	return ok;
}

static bool fill(scmp_filter_ctx filter)
{
	bool ok = rules(filter, SCMP_ACT_ALLOW, allowed, ARRAY_LEN(allowed));

	if (ADDRESS_SANITIZER) /* its runtime makes calls that the program itself does not make */
		ok = ok && rules(filter, SCMP_ACT_ALLOW, sanitizing, ARRAY_LEN(sanitizing));
	for (size_t i = 0; ok && i < ARRAY_LEN(deadly); i++)
		if (!ADDRESS_SANITIZER || !str_eq(deadly[i], "ptrace"))
			ok = rule(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
	return ok && allow_some(filter);
}

bool sandbox_seccomp_available(void)
{
	return prctl(PR_GET_SECCOMP) >= 0;
}

bool sandbox_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));

	if (filter == NULL)
		return false;
	bool ok = fill(filter) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok;
}

#endif

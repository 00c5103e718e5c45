/* SPDX-License-Identifier: MIT */
#define FUSE_USE_VERSION 34
#include "mount/session.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "mount/helper.h"
#include "mount/notifier.h"
#include "system/mountpoint.h"

struct session {
	struct fuse_session *fuse; /* owned */
	struct fs *fs;             /* borrowed */
	struct fuse_buf buffer;    /* its memory is owned */
	char *mountpoint;          /* owned */
	int unread;                /* owned; see close_device() */
	int mounts;                /* owned; mountpoint_list() */
	dev_t device;              /* of the mount; 0: unknown */
	struct notifier *notifier; /* owned; NULL: the kernel keeps no copies */
};

/* --- requests to ops -------------------------------------------------------------------------- */

static struct fs *fs_of_request(fuse_req_t req)
{
	return ((struct session *)fuse_req_userdata(req))->fs;
}

/* Rule 6: set once, when the op is created; marks it, and nothing else. */
static void interrupted(fuse_req_t req, void *data)
{
	(void)req;
	op_interrupt(data);
}

static struct op *begin(fuse_req_t req, enum op_kind kind, fuse_ino_t ino)
{
	struct op *op = fs_op(fs_of_request(req), kind, req, fuse_req_ctx(req)->pid, ino);

	fuse_req_interrupt_func(req, interrupted, op);
	return op;
}

static struct op *begin_named(fuse_req_t req, enum op_kind kind, fuse_ino_t parent,
			      const char *name)
{
	struct op *op = begin(req, kind, parent);

	op->name = xstrdup(name);
	return op;
}

static struct op *begin_open(fuse_req_t req, enum op_kind kind, fuse_ino_t ino,
			     const struct fuse_file_info *fi)
{
	struct op *op = begin(req, kind, ino);

	op->file = fi->fh;
	op->flags = fi->flags;
	return op;
}

static void ll_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	/* O_TRUNC comes as a flag of open, not as a separate truncation, which would revoke
	 * everything at once. */
	conn->want |= conn->capable & FUSE_CAP_ATOMIC_O_TRUNC;
	/* For directories of tokens, where it saves a lookup of each name: see fs_readdir(). */
	conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
	conn->want &= ~(unsigned)(FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_SPLICE_READ |
				  FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
	conn->time_gran = 1;
}

static void ll_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	op_start(begin_named(req, OP_LOOKUP, parent, name));
}

static void ll_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	fs_forget(fs_of_request(req), ino, nlookup);
	fuse_reply_none(req);
}

static void ll_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		fs_forget(fs_of_request(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static void ll_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct op *op = begin(req, OP_GETATTR, ino);

	op->file = fi != NULL ? fi->fh : 0;
	op_start(op);
}

static void ll_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	struct op *op = begin(req, OP_SETATTR, ino);

	op->file = fi != NULL ? fi->fh : 0;
	op->set_size = (to_set & FUSE_SET_ATTR_SIZE) != 0;
	op->set_times = (to_set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW)) != 0;
	op->size = (size_t)attr->st_size;
	op_start(op);
}

static void ll_readlink(fuse_req_t req, fuse_ino_t ino)
{
	op_start(begin(req, OP_READLINK, ino));
}

static void ll_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)mode;
	(void)rdev;
	op_start(begin_named(req, OP_MKNOD, parent, name));
}

static void ll_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)mode;
	op_start(begin_named(req, OP_MKDIR, parent, name));
}

static void ll_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	op_start(begin_named(req, OP_UNLINK, parent, name));
}

static void ll_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	op_start(begin_named(req, OP_RMDIR, parent, name));
}

static void ll_symlink(fuse_req_t req, const char *link, fuse_ino_t parent, const char *name)
{
	struct op *op = begin_named(req, OP_SYMLINK, parent, name);

	op->new_name = xstrdup(link);
	op_start(op);
}

static void ll_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		      const char *newname, unsigned int flags)
{
	struct op *op = begin_named(req, OP_RENAME, parent, name);

	op->new_node = newparent;
	op->new_name = xstrdup(newname);
	op->flags = (int)flags;
	op_start(op);
}

static void ll_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent, const char *newname)
{
	(void)ino;
	op_start(begin_named(req, OP_LINK, newparent, newname));
}

static void ll_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct op *op = begin_open(req, OP_OPEN, ino, fi);

	op->file = 0;
	op_start(op);
}

static void ll_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	struct op *op = begin_named(req, OP_CREATE, parent, name);

	op->mode = mode;
	op->flags = fi->flags;
	op_start(op);
}

static void read_at(fuse_req_t req, enum op_kind kind, bool plus, fuse_ino_t ino, size_t size,
		    off_t off, struct fuse_file_info *fi)
{
	struct op *op = begin_open(req, kind, ino, fi);

	op->plus = plus;
	op->size = size;
	op->offset = (uint64_t)off;
	op_start(op);
}

static void ll_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	read_at(req, OP_READ, false, ino, size, off, fi);
}

static void ll_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct op *op = begin_open(req, OP_WRITE, ino, fi);

	buf_add(&op->data, data, size);
	op->offset = (uint64_t)off;
	op_start(op);
}

static void ll_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	op_start(begin_open(req, OP_FLUSH, ino, fi));
}

/* Rule 12: never parked; what a closed file has left to do goes on without a request. */
static void ll_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fs_release(fs_of_request(req), fi->fh);
	fuse_reply_err(req, 0);
}

static void ll_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)datasync;
	op_start(begin_open(req, OP_FSYNC, ino, fi));
}

static void ll_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	op_start(begin(req, OP_OPENDIR, ino));
}

static void ll_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	read_at(req, OP_READDIR, false, ino, size, off, fi);
}

static void ll_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	read_at(req, OP_READDIR, true, ino, size, off, fi);
}

static void ll_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	(void)fi;
	fuse_reply_err(req, 0);
}

static void ll_statfs(fuse_req_t req, fuse_ino_t ino)
{
	op_start(begin(req, OP_STATFS, ino));
}

static void ll_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value,
			size_t size, int flags)
{
	(void)value;
	(void)size;
	(void)flags;
	op_start(begin_named(req, OP_SETXATTR, ino, name));
}

static void ll_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	op_start(begin_named(req, OP_REMOVEXATTR, ino, name));
}

/* getxattr and listxattr are left out: after one ENOSYS the kernel does not ask again. So are
 * ioctl, poll, lseek and locks, which the kernel handles itself. */
static const struct fuse_lowlevel_ops operations = {
	.init = ll_init,
	.lookup = ll_lookup,
	.forget = ll_forget,
	.forget_multi = ll_forget_multi,
	.getattr = ll_getattr,
	.setattr = ll_setattr,
	.readlink = ll_readlink,
	.mknod = ll_mknod,
	.mkdir = ll_mkdir,
	.unlink = ll_unlink,
	.rmdir = ll_rmdir,
	.symlink = ll_symlink,
	.rename = ll_rename,
	.link = ll_link,
	.open = ll_open,
	.create = ll_create,
	.read = ll_read,
	.write = ll_write,
	.flush = ll_flush,
	.release = ll_release,
	.fsync = ll_fsync,
	.opendir = ll_opendir,
	.readdir = ll_readdir,
	.readdirplus = ll_readdirplus,
	.releasedir = ll_release,
	.fsyncdir = ll_fsyncdir,
	.statfs = ll_statfs,
	.setxattr = ll_setxattr,
	.removexattr = ll_removexattr,
};

/* --- mounting --------------------------------------------------------------------------------- */

static void fuse_log_line(enum fuse_log_level level, const char *fmt, va_list ap) printf_like(2, 0);

static void fuse_log_line(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	log_line(level <= FUSE_LOG_ERR ? LEVEL_WARNING : LEVEL_DETAIL, "%s", text);
}

static struct fuse_session *open_session(const struct config *config, struct session *s)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	char *options =
		xasprintf("fsname=pscalefs,subtype=pscalefs,default_permissions%s%s%s",
			  config->read_only ? ",ro" : "", config->fuse_options != NULL ? "," : "",
			  config->fuse_options != NULL ? config->fuse_options : "");

	fuse_opt_add_arg(&args, "pscalefs");
	fuse_opt_add_arg(&args, "-o");
	fuse_opt_add_arg(&args, options);
	struct fuse_session *fuse = fuse_session_new(&args, &operations, sizeof(operations), s);
	fuse_opt_free_args(&args);
	free(options);
	return fuse;
}

/* False: it was unmounted from outside, and another mount may be there now. */
static bool still_mounted(const struct session *s)
{
	struct pollfd device = {.fd = session_fd(s)};

	return poll(&device, 1, 0) == 0 || (device.revents & POLLERR) == 0;
}

/* The write end of a pipe whose read end is closed; or -1. */
static int unread_pipe(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	close(fds[0]);
	return fds[1];
}

/*
 * Close the device without unmounting. libfuse would unmount in ways that the sandbox forbids,
 * unless poll(2) reports an error for the device, as it does after an unmount. A pipe whose read
 * end is closed reports the same, so it replaces the device.
 */
static void close_device(struct session *s)
{
	dup2(s->unread, session_fd(s));
	close(s->unread);
	fuse_session_unmount(s->fuse);
}

struct session *session_new(const struct config *config, struct error *e)
{
	struct session *s = xcalloc(1, sizeof(*s));

	fuse_set_log_func(fuse_log_line);
	s->fuse = open_session(config, s);
	if (s->fuse == NULL) {
		error_set(e, EINVAL, "libfuse refuses the mount options %s", config->fuse_options);
		free(s);
		return NULL;
	}
	s->unread = unread_pipe();
	if (s->unread < 0 || fuse_session_mount(s->fuse, config->mountpoint) != 0) {
		error_set(e, EPERM, "cannot mount at %s", config->mountpoint);
		error_hint(e, "is /dev/fuse there and fusermount3 (package fuse3) installed?");
		if (s->unread >= 0)
			close(s->unread);
		fuse_session_destroy(s->fuse);
		free(s);
		return NULL;
	}
	s->mountpoint = xstrdup(config->mountpoint);
	s->mounts = mountpoint_list();
	s->device = mountpoint_device(s->mountpoint);
	int flags = fcntl(session_fd(s), F_GETFL);
	fcntl(session_fd(s), F_SETFL, flags | O_NONBLOCK);
	return s;
}

void session_serve(struct session *s, struct fs *fs)
{
	s->fs = fs;
}

/* By the notifier's thread. With a negative offset only the attributes are forgotten. A node that
 * the kernel does not know (any more) is an error here, of no meaning. */
static void forget_attributes(void *ctx, uint64_t node)
{
	fuse_lowlevel_notify_inval_inode(((struct session *)ctx)->fuse, node, -1, 0);
}

static void forget_later(void *ctx, uint64_t node)
{
	notifier_add(((struct session *)ctx)->notifier, node);
}

void session_let_keep(struct session *s)
{
	struct error e;

	s->notifier = notifier_new(forget_attributes, s, &e);
	if (s->notifier != NULL)
		fs_let_keep(s->fs, forget_later, s);
	else
		log_warning("the kernel keeps no copies, so every look asks: %s", e.text);
}

int session_notifier_fd(const struct session *s)
{
	return s->notifier != NULL ? notifier_fd(s->notifier) : -1;
}

void session_told(struct session *s)
{
	fs_told(s->fs, notifier_take(s->notifier));
}

void session_free(struct session *s)
{
	if (s == NULL)
		return;
	struct error e;
	bool ours = still_mounted(s);

	if (s->notifier != NULL)
		fs_let_keep(s->fs, NULL, NULL);
	notifier_free(s->notifier);

	/* Close the device first, so that callers that still wait get an error before the unmount,
	 * which may take time. */
	close_device(s);
	if (ours && helper_unmount(s->mountpoint, &e) != 0)
		log_warning("cannot unmount %s: %s", s->mountpoint, e.text);
	fuse_session_destroy(s->fuse);
	if (s->mounts >= 0)
		close(s->mounts);
	free(s->mountpoint);
	free(s->buffer.mem);
	free(s);
}

int session_fd(const struct session *s)
{
	return fuse_session_fd(s->fuse);
}

bool session_await(const struct session *s, int64_t until_ns)
{
	struct pollfd device = {.fd = session_fd(s), .events = POLLIN};

	do
		if (poll(&device, 1, 0) != 0)
			return true;
	while (clock_precise_ns() < until_ns);
	return false;
}

void session_receive(struct session *s, unsigned most)
{
	for (unsigned i = 0; i < most && !fuse_session_exited(s->fuse); i++) {
		int n = fuse_session_receive_buf(s->fuse, &s->buffer);
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return;
		if (n <= 0) { /* 0: it was unmounted */
			fuse_session_exit(s->fuse);
			return;
		}
		fuse_session_process_buf(s->fuse, &s->buffer);
	}
}

bool session_ended(const struct session *s)
{
	return fuse_session_exited(s->fuse) != 0;
}

bool session_unmounted(const struct session *s)
{
	return session_ended(s) && s->device != 0 && !mountpoint_listed(s->mounts, s->device);
}

const char *session_library_version(void)
{
	return fuse_pkgversion();
}

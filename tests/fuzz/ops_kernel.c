/* SPDX-License-Identifier: MIT */
#include "ops_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fuzz.h"
#include "ops_changes.h"
#include "ops_input.h"
#include "ops_rules.h"
#include "base/hash.h"
#include "base/macros.h"
#include "base/text.h"
#include "system/process.h"

#define ASKED_MAX 96
/* Each request tells of one at most, so that there is always room. */
#define NODES_MAX (ASKED_MAX + 1)
#define FILES_MAX ASKED_MAX

struct known_file {
	uint64_t file, node;
	bool directory, writable;
	int append; /* O_APPEND or 0 */
};

static struct asked asked[ASKED_MAX];
static size_t n_asked;
static struct {
	uint64_t node, lookups;
	mode_t mode;
} nodes[NODES_MAX];
static size_t n_nodes;
static struct known_file files[FILES_MAX];
static size_t n_files;
static bool ending[PROCESSES];
static struct fs *fs;

void kernel_begin(struct fs *the_fs)
{
	fs = the_fs;
	n_asked = n_files = 0;
	n_nodes = 1;
	nodes[0].node = NODE_ROOT;
	nodes[0].lookups = 1;
	nodes[0].mode = S_IFDIR;
	memset(ending, 0, sizeof(ending));
}

bool kernel_ending(pid_t pid)
{
	return ending[pid % PROCESSES];
}

bool kernel_all_replied(void)
{
	for (size_t i = 0; i < n_asked; i++)
		if (asked[i].replies != 1)
			return false;
	return true;
}

/* --- what it was told of ---------------------------------------------------------------------- */

static void know_node(const struct op_entry *e)
{
	for (size_t i = 0; i < n_nodes; i++)
		if (nodes[i].node == e->node) {
			nodes[i].lookups++;
			return;
		}
	CHECK(e->node != 0);
	CHECK(n_nodes < NODES_MAX);
	nodes[n_nodes].node = e->node;
	nodes[n_nodes].mode = e->st.st_mode;
	nodes[n_nodes++].lookups = 1;
}

static void know_file(const struct asked *a, uint64_t file, uint64_t node)
{
	bool writable = (a->flags & O_ACCMODE) != O_RDONLY;

	CHECK(file != 0 && n_files < FILES_MAX);
	rules_opened(a, file);
	files[n_files++] = (struct known_file){file, node, a->kind == OP_OPENDIR, writable,
					       a->flags & O_APPEND};
}

static bool file_busy(uint64_t file)
{
	for (size_t i = 0; i < n_asked; i++)
		if (asked[i].op != NULL && asked[i].file == file)
			return true;
	return false;
}

static bool node_busy(uint64_t node)
{
	for (size_t i = 0; i < n_asked; i++)
		if (asked[i].op != NULL && (asked[i].node == node || asked[i].new_node == node))
			return true;
	for (size_t i = 0; i < n_files; i++)
		if (files[i].node == node)
			return true;
	return false;
}

/* --- replies ---------------------------------------------------------------------------------- */

static struct asked *told(void *req, int err)
{
	struct asked *a = req;
	const struct op *op = a->op;

	CHECK(a != NULL);
	CHECK(a->replies == 0);
	a->replies = 1;
	a->op = NULL;
	rules_replied(a, op, err);
	return a;
}

static int outcome(const struct asked *a)
{
	return a->unwanted ? -ENOENT : 0;
}

static int on_error(void *req, int err)
{
	const struct asked *a = req;

	CHECK(err >= 0 && err < 512 && err != ENOSYS && err != EXDEV && err != ENOTCONN);
	CHECK(err != EINTR || ending[a->pid % PROCESSES]);
	CHECK(err != EINVAL || a->kind != OP_RENAME);
	return outcome(told(req, err));
}

static int on_entry(void *req, const struct op_entry *e)
{
	const struct asked *a = told(req, 0);

	if (a->kind == OP_MKDIR)
		CHECK(str_eq(fs_key(fs, node_find(&fs->nodes, e->node)).target.token_id, a->made));
	if (!a->unwanted)
		know_node(e);
	return outcome(a);
}

static int on_attr(void *req, const struct stat *st, double timeout_s)
{
	CHECK(st->st_mode != 0 && st->st_size >= 0 && timeout_s >= 0);
	return outcome(told(req, 0));
}

static int on_data(void *req, const char *data, size_t size)
{
	uint64_t h = hash_bytes(HASH_INIT, data, size); /* all of it can be read */

	(void)h;
	return outcome(told(req, 0));
}

static int on_link(void *req, const char *target)
{
	CHECK(strlen(target) < 4096);
	return outcome(told(req, 0));
}

static int on_open(void *req, uint64_t file, unsigned how)
{
	const struct asked *a = told(req, 0);

	(void)how;
	if (!a->unwanted)
		know_file(a, file, a->node);
	return outcome(a);
}

static int on_create(void *req, const struct op_entry *e, uint64_t file)
{
	const struct asked *a = told(req, 0);

	if (!a->unwanted) {
		know_node(e);
		know_file(a, file, e->node);
	}
	return outcome(a);
}

static int on_written(void *req, size_t size)
{
	(void)size;
	return outcome(told(req, 0));
}

static int on_directory(void *req, const struct op_directory *d, uint64_t offset, size_t size)
{
	const struct asked *a = req;

	(void)size;
	if (offset < d->n) { /* else it learns no name */
		const struct inode_key key = fs_key(fs, node_find(&fs->nodes, a->node));
		expect_read(a->pid, &key);
	}
	for (size_t i = 0; i < d->n; i++) {
		const char *name = op_directory_name(d, i);
		CHECK(name[0] != '\0' && strlen(name) <= 255 && strchr(name, '/') == NULL);
	}
	return outcome(told(req, 0));
}

static int on_directory_plus(void *req, const struct op_directory *d, uint64_t offset, size_t size,
			     const struct op_entry *entries, size_t *sent)
{
	const struct asked *a = req;

	for (*sent = 0; offset + *sent < d->n && (*sent + 1) * DIRENT_PLUS_MIN <= size; ++*sent)
		if (entries[*sent].node != 0 && !a->unwanted)
			know_node(&entries[*sent]);
	return on_directory(req, d, offset, size);
}

static int on_statfs(void *req)
{
	return outcome(told(req, 0));
}

const struct op_sink kernel_sink = {on_error,     on_entry,          on_attr,   on_data,
				    on_link,      on_open,           on_create, on_written,
				    on_directory, on_directory_plus, on_statfs};

/* --- in place of process.c: --wrap ------------------------------------------------------------ */

int __wrap_process_read(pid_t tid, struct process *p);
pid_t __wrap_process_group(pid_t tid);
bool __wrap_process_ending(pid_t tid);
enum process_end __wrap_process_end(pid_t tid);

int __wrap_process_read(pid_t tid, struct process *p)
{
	*p = (struct process){
		.tgid = tid & ~1, .start_time = 1, .command = "fuzz", .program = 1 + (tid & 1)};
	return 0;
}

pid_t __wrap_process_group(pid_t tid)
{
	return tid & ~1;
}

bool __wrap_process_ending(pid_t tid)
{
	return ending[tid % PROCESSES];
}

enum process_end __wrap_process_end(pid_t tid)
{
	return ending[tid % PROCESSES] ? PROCESS_KILLED : PROCESS_LIVES;
}

/* --- what the kernel asks --------------------------------------------------------------------- */

static mode_t mode_of(uint64_t node)
{
	for (size_t i = 0; i < n_nodes; i++)
		if (nodes[i].node == node)
			return nodes[i].mode;
	return 0;
}

/* A node of this type, the last ones told first; 0: there is none. */
static uint64_t take_node(mode_t type)
{
	unsigned nth = take(), n = 0;

	for (size_t i = 0; i < n_nodes; i++)
		n += type == 0 || (nodes[i].mode & S_IFMT) == type;
	if (n == 0)
		return 0;
	nth %= n;
	for (size_t i = n_nodes; i-- > 0;)
		if ((type == 0 || (nodes[i].mode & S_IFMT) == type) && nth-- == 0)
			return nodes[i].node;
	return 0;
}

static const struct known_file *take_file(bool directory, bool writable)
{
	unsigned nth = take();

	for (size_t i = 0; i < n_files; i++) {
		const struct known_file *f = &files[n_files - 1 - (i + nth) % n_files];
		if (f->directory == directory && (f->writable || !writable))
			return f;
	}
	return NULL;
}

/* The kernel holds the inode's lock from the request to the reply. */
static bool locks_inode(enum op_kind kind)
{
	return kind == OP_WRITE || kind == OP_FSYNC || kind == OP_SETATTR;
}

static bool node_locked(uint64_t node)
{
	for (size_t i = 0; i < n_asked; i++)
		if (asked[i].op != NULL && asked[i].node == node && locks_inode(asked[i].kind))
			return true;
	return false;
}

/* What the op is about, as the kernel checks it; false: it does not ask this. */
static bool aim(struct asked *a)
{
	const struct known_file *f;

	switch ((int)a->kind) {
	case OP_READ:
	case OP_WRITE:
	case OP_FLUSH:
	case OP_FSYNC:
	case OP_READDIR:
		f = take_file(a->kind == OP_READDIR, a->kind == OP_WRITE);
		a->node = f != NULL ? f->node : 0;
		a->file = f != NULL ? f->file : 0;
		break;
	case OP_OPEN:
		a->node = take_node(S_IFREG);
		break;
	case OP_READLINK:
		a->node = take_node(S_IFLNK);
		break;
	case OP_GETATTR:
	case OP_SETATTR:
	case OP_STATFS:
	case OP_SETXATTR:
	case OP_REMOVEXATTR:
		a->node = take_node(0);
		break;
	default:
		a->node = take_node(S_IFDIR);
	}
	return a->node != 0 && !(locks_inode(a->kind) && node_locked(a->node));
}

/* What the kernel repeats with each write. */
static int append_of(uint64_t file)
{
	for (size_t i = 0; i < n_files; i++)
		if (files[i].file == file)
			return files[i].append;
	return 0;
}

static void aim_setattr(struct asked *a, struct op *op)
{
	unsigned what = take();

	op->set_times = (what & 1) != 0;
	op->set_size = (what & 2) != 0 && S_ISREG(mode_of(a->node));
	op->size = (what & 4) != 0 ? (size_t)take_offset() : 0;
	for (size_t i = 0; op->set_size && (what & 8) != 0 && i < n_files; i++)
		if (files[i].node == a->node && files[i].writable)
			a->file = op->file = files[i].file;
}

static void fill(struct asked *a, struct op *op)
{
	static const int flags[] = {
		O_RDONLY,        O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND,
		O_RDWR | O_TRUNC};

	switch ((int)a->kind) {
	case OP_SETATTR:
		aim_setattr(a, op);
		break;
	case OP_RENAME:
		op->name = take_name();
		op->new_name = take_name();
		op->flags = take() % 8 == 0 ? 1 : 0;
		a->new_node = op->new_node = take() % 4 != 0 ? a->node : take_node(S_IFDIR);
		break;
	case OP_OPEN:
	case OP_CREATE:
		if (a->kind == OP_CREATE)
			op->name = take_name();
		op->flags = flags[take() % ARRAY_LEN(flags)];
		op->mode = 0600;
		a->flags = op->flags;
		break;
	case OP_READ:
	case OP_READDIR:
		op->plus = a->pid % 2 == 0;
		op->offset = take_offset();
		op->size = 4096;
		break;
	case OP_WRITE:
		op->flags = append_of(a->file);
		op->offset = take_offset();
		take_data(&op->data);
		break;
	case OP_GETATTR:
	case OP_READLINK:
	case OP_STATFS:
	case OP_FLUSH:
	case OP_FSYNC:
	case OP_OPENDIR:
		break;
	default:
		op->name = take_name();
		if (a->kind == OP_SYMLINK)
			op->new_name = take_name();
	}
}

void kernel_ask(void)
{
	if (n_asked == ASKED_MAX)
		return;
	struct asked *a = &asked[n_asked];
	unsigned kind = take(), how = take();

	*a = (struct asked){.kind = kind < 96 ? OP_LOOKUP : (enum op_kind)(kind % OP_KINDS),
			    .pid = 100 + (pid_t)(how % PROCESSES),
			    .unwanted = how >= 240};
	if (!aim(a))
		return;
	n_asked++;
	if (a->kind != OP_FLUSH) /* exit closes files */
		ending[a->pid % PROCESSES] = false;
	struct op *op = fs_op(fs, a->kind, a, a->pid, a->node);
	op->file = a->file;
	a->op = op;
	fill(a, op);
	rules_asked(a, op);
	op_start(op);
}

void kernel_interrupt(void)
{
	unsigned which = take();

	for (size_t i = 0; i < n_asked; i++) {
		struct asked *a = &asked[(i + which) % n_asked];
		if (a->op == NULL)
			continue;
		ending[a->op->pid % PROCESSES] = (which & 128) == 0;
		op_interrupt(a->op);
		return;
	}
}

void kernel_release(void)
{
	if (n_files == 0)
		return;
	struct known_file *f = &files[take() % n_files];
	uint64_t file = f->file;

	if (file_busy(file))
		return;
	*f = files[--n_files];
	rules_release(file);
}

void kernel_forget(void)
{
	size_t i = take() % n_nodes;
	uint64_t node = nodes[i].node, lookups = nodes[i].lookups;

	if (node == NODE_ROOT || node_busy(node))
		return;
	nodes[i] = nodes[--n_nodes];
	fs_forget(fs, node, lookups);
}

void kernel_release_all(void)
{
	while (n_files > 0)
		rules_release(files[--n_files].file);
}

void kernel_forget_all(void)
{
	for (; n_nodes > 1; n_nodes--)
		fs_forget(fs, nodes[n_nodes - 1].node, nodes[n_nodes - 1].lookups);
}

/* SPDX-License-Identifier: MIT */
#include "fs_world.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/xmalloc.h"

struct world w;
struct fs *fs;

static struct reply *told(void *req, enum reply_kind kind)
{
	struct reply *r = req;

	assert_non_null(r);
	r->count++;
	assert_int_equal(r->count, 1);
	r->kind = kind;
	return r;
}

static int outcome(const struct reply *r)
{
	return r->unwanted ? -ENOENT : 0;
}

static int on_error(void *req, int err)
{
	struct reply *r = told(req, R_ERROR);

	assert_true(err >= 0 && err < 512);
	assert_true(err != ENOSYS && err != EXDEV && err != ENOTCONN);
	r->err = err;
	return outcome(r);
}

static int on_entry(void *req, const struct op_entry *e)
{
	struct reply *r = told(req, R_ENTRY);

	r->entry = *e;
	return outcome(r);
}

static int on_attr(void *req, const struct stat *st, double timeout_s)
{
	struct reply *r = told(req, R_ATTR);

	r->st = *st;
	r->timeout_s = timeout_s;
	return outcome(r);
}

static int on_data(void *req, const char *data, size_t size)
{
	struct reply *r = told(req, R_DATA);

	r->size = size;
	assert_true(size < sizeof(r->text));
	memcpy(r->text, data, size);
	r->text[size] = '\0';
	return outcome(r);
}

static int on_link(void *req, const char *target)
{
	struct reply *r = told(req, R_LINK);

	snprintf(r->text, sizeof(r->text), "%s", target);
	return outcome(r);
}

static int on_open(void *req, uint64_t file, unsigned how)
{
	struct reply *r = told(req, R_OPEN);

	r->file = file;
	r->how = how;
	return outcome(r);
}

static int on_create(void *req, const struct op_entry *e, uint64_t file)
{
	struct reply *r = told(req, R_CREATE);

	r->entry = *e;
	r->file = file;
	return outcome(r);
}

static int on_written(void *req, size_t size)
{
	struct reply *r = told(req, R_WRITTEN);

	r->size = size;
	return outcome(r);
}

static int on_directory(void *req, const struct op_directory *d, uint64_t offset, size_t size)
{
	struct reply *r = told(req, R_DIRECTORY);

	(void)offset;
	(void)size;
	for (size_t i = 0; i < d->n; i++) {
		size_t len = strlen(r->text);
		snprintf(r->text + len, sizeof(r->text) - len, "%s ", op_directory_name(d, i));
	}
	return outcome(r);
}

static int on_directory_plus(void *req, const struct op_directory *d, uint64_t offset, size_t size,
			     const struct op_entry *entries, size_t *sent)
{
	struct reply *r = told(req, R_DIRECTORY);

	*sent = 0;
	for (size_t i = offset; i < d->n && (*sent + 1) * DIRENT_PLUS_MIN <= size; i++) {
		size_t len = strlen(r->text);
		assert_true(*sent < REPLY_ENTRIES);
		snprintf(r->text + len, sizeof(r->text) - len, "%s ", op_directory_name(d, i));
		r->entries[(*sent)++] = entries[i - offset];
	}
	r->n_entries = *sent;
	return outcome(r);
}

static int on_statfs(void *req)
{
	return outcome(told(req, R_STATFS));
}

static const struct op_sink sink = {
	.error = on_error,
	.entry = on_entry,
	.attr = on_attr,
	.data = on_data,
	.link = on_link,
	.open = on_open,
	.create = on_create,
	.written = on_written,
	.directory = on_directory,
	.directory_plus = on_directory_plus,
	.statfs = on_statfs,
};

void fs_start_with(const char *tokens)
{
	log_set_level(LEVEL_ERROR);
	world_start(&w);
	const struct fs_parts parts = {
		.organization = w.config.org,
		.timeout_ms = w.config.timeout_ms,
		.ttl_s = w.config.ttl_s,
		.cache = &w.cache,
		.store = w.store,
		.sink = &sink,
	};
	fs = fs_new(&parts);
	world_acme(&w, tokens);
	w.clock.mono_ms += RECENT_MS; /* an answer that differs does not lag */
}

void fs_start(void)
{
	fs_start_with(LIST(TOKEN("t1", "ci", ON_SHOP("read_branch")) "," TOKEN("t2", "web", "")));
}

void fs_finish(void)
{
	fs_stop(fs, ENODEV);
	store_free(w.store);
	w.store = NULL;
	fs_free(fs);
	fs = NULL;
	world_finish(&w);
}

struct op *ask_op(struct reply *r, const struct ask *a)
{
	bool unwanted = r->unwanted;

	*r = (struct reply){.unwanted = unwanted};
	struct op *op = fs_op(fs, a->kind, r, a->pid != 0 ? a->pid : getpid(),
			      a->node != 0 ? a->node : NODE_ROOT);
	op->name = xstrdup(a->name);
	op->new_name = xstrdup(a->new_name);
	op->new_node = a->new_node;
	op->file = a->file;
	if (a->data != NULL)
		buf_adds(&op->data, a->data);
	op->offset = a->offset;
	op->size = a->size;
	op->flags = a->flags;
	op->mode = a->mode;
	op->set_size = a->set_size;
	op->set_times = a->set_times;
	op->plus = a->plus;
	op_start(op);
	return op;
}

void ask_now(struct reply *r, const struct ask *a)
{
	unsigned before = fake_count();

	ask_op(r, a);
	world_turn(&w);
	assert_int_equal(r->count, 1);
	assert_int_equal(fake_count(), before);
}

uint64_t walk(const char *path)
{
	char *copy = xstrdup(path), *rest = copy, *name;
	uint64_t node = NODE_ROOT;
	struct reply r = {0};

	while ((name = strsep(&rest, "/")) != NULL) {
		NOW(&r, .kind = OP_LOOKUP, .node = node, .name = name);
		assert_int_equal(r.kind, R_ENTRY);
		node = r.entry.node;
	}
	free(copy);
	return node;
}

uint64_t open_at(const char *path, int flags)
{
	struct reply r = {0};

	NOW(&r, .kind = OP_OPEN, .node = walk(path), .flags = flags);
	assert_int_equal(r.kind, R_OPEN);
	return r.file;
}

int result(const struct reply *r)
{
	assert_int_equal(r->count, 1);
	return r->kind == R_ERROR ? -r->err : 0;
}

void answer_well(void)
{
	static const struct {
		const char *prefix, *body;
	} answers[] = {
		{ORGANIZATIONS, LIST(ORGANIZATION("o1", "acme"))},
		{DATABASES, LIST(DATABASE("d1", "shop") "," DATABASE("d2", "blog"))},
		{TOKENS,
		 LIST(TOKEN("t1", "ci", ON_SHOP("read_branch")) "," TOKEN("t2", "web", ""))},
		{GET_TOKEN("t1"), TOKEN("t1", "ci", ON_SHOP("read_branch"))},
		{GET_TOKEN("t2"), TOKEN("t2", "web", "")},
		{CREATE, MADE("t9", "new")},
		{GRANT("t1"), LIST(ON_SHOP("write_x"))},
		{"DELETE ", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		if (!fake_has(answers[i].prefix))
			continue;
		fake_answer(answers[i].prefix, answers[i].body[0] != '\0' ? 200 : 204,
			    answers[i].body);
		world_turn(&w);
		return;
	}
	fail();
}

pid_t stopped_process(int signal)
{
	sigset_t none;
	int status, executed[2];
	char byte;

	assert_int_equal(pipe2(executed, O_CLOEXEC), 0);
	pid_t parent = getpid(), pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* It ends with this program, also when an assertion fails before it is ended. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 1; i < NSIG; i++)
			(void)sigaction(i, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (getppid() == parent)
			execlp("sleep", "sleep", "60", (char *)NULL);
		_exit(1);
	}
	/* Once it is sleep(1), no handlers of this program's, or valgrind's, are left. */
	close(executed[1]);
	assert_int_equal(read(executed[0], &byte, 1), 0);
	close(executed[0]);
	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	if (signal != 0)
		kill(pid, signal);
	return pid;
}

void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void answer(const char *prefix, int status, const char *body)
{
	fake_answer(prefix, status, body);
	world_turn(&w);
}

int look_up(uint64_t dir, const char *name, pid_t pid, uint64_t *node)
{
	struct reply r = {0};

	NOW(&r, .kind = OP_LOOKUP, .node = dir, .name = name, .pid = pid);
	if (node != NULL)
		*node = r.entry.node;
	return result(&r);
}

/*
 * The input is what a kernel, callers and PlanetScale do, one after the other: the file system
 * without a kernel, over an HTTP that answers what the input says.
 *
 * The kernel keeps its rules: only nodes and files it was told of, by their kind; a file is
 * released and a node forgotten once, when nothing is under way there.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fs_internal.h"
#include "fuzz.h"
#include "http.h"
#include "log.h"
#include "process.h"

#define ASKED_MAX 96
#define NODES_MAX 64
#define FILES_MAX 32
#define PROCESSES 4
#define STEPS_MAX 400

/* --- the input ------------------------------------------------------------------------------- */

static const uint8_t *input;
static size_t input_left;

static unsigned take(void)
{
	if (input_left == 0)
		return 0;
	input_left--;
	return *input++;
}

static size_t take_bytes(size_t most, const char **bytes)
{
	size_t n = most == 0 ? 0 : take() % most;

	if (n > input_left)
		n = input_left;
	*bytes = (const char *)input;
	input += n;
	input_left -= n;
	return n;
}

/* --- what the kernel knows ------------------------------------------------------------------- */

struct asked {
	struct op *op; /* borrowed; NULL once it has its reply */
	enum op_kind kind;
	uint64_t node, new_node, file;
	int replies;
	bool unwanted; /* the caller dies before the reply reaches it */
	bool may_write;
};

struct known_file {
	uint64_t file, node;
	bool directory, writable;
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
static unsigned ever_asked[OP_KINDS], releases, deletions;
static bool ending[PROCESSES];
static struct fs *fs;

/* The node stays with the kernel for good if there is no room. */
static void know_node(const struct op_entry *e)
{
	for (size_t i = 0; i < n_nodes; i++)
		if (nodes[i].node == e->node) {
			nodes[i].lookups++;
			return;
		}
	CHECK(e->node != 0);
	if (n_nodes == NODES_MAX)
		return;
	nodes[n_nodes].node = e->node;
	nodes[n_nodes].mode = e->st.st_mode;
	nodes[n_nodes++].lookups = 1;
}

static void know_file(uint64_t file, uint64_t node, bool directory, bool writable)
{
	CHECK(file != 0);
	if (n_files < FILES_MAX)
		files[n_files++] = (struct known_file){file, node, directory, writable};
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

/* --- replies --------------------------------------------------------------------------------- */

static struct asked *told(void *req)
{
	struct asked *a = req;

	CHECK(a != NULL);
	CHECK(a->replies == 0);
	a->replies = 1;
	a->op = NULL;
	return a;
}

static int outcome(const struct asked *a)
{
	return a->unwanted ? -ENOENT : 0;
}

static int on_error(void *req, int err)
{
	CHECK(err >= 0 && err < 512 && err != ENOSYS && err != EXDEV && err != ENOTCONN);
	return outcome(told(req));
}

static int on_entry(void *req, const struct op_entry *e)
{
	const struct asked *a = told(req);

	if (!a->unwanted)
		know_node(e);
	return outcome(a);
}

static int on_attr(void *req, const struct stat *st, double timeout_s)
{
	CHECK(st->st_mode != 0 && st->st_size >= 0 && timeout_s >= 0);
	return outcome(told(req));
}

static int on_data(void *req, const char *data, size_t size)
{
	uint64_t h = hash_bytes(HASH_INIT, data, size); /* all of it can be read */

	(void)h;
	return outcome(told(req));
}

static int on_link(void *req, const char *target)
{
	CHECK(strlen(target) < 4096);
	return outcome(told(req));
}

static int on_open(void *req, uint64_t file, bool direct)
{
	const struct asked *a = told(req);

	(void)direct;
	if (!a->unwanted)
		know_file(file, a->node, a->kind == OP_OPENDIR, a->may_write);
	return outcome(a);
}

static int on_create(void *req, const struct op_entry *e, uint64_t file)
{
	const struct asked *a = told(req);

	if (!a->unwanted) {
		know_node(e);
		know_file(file, e->node, false, a->may_write);
	}
	return outcome(a);
}

static int on_written(void *req, size_t size)
{
	(void)size;
	return outcome(told(req));
}

static int on_directory(void *req, const struct op_directory *d, uint64_t offset, size_t size)
{
	(void)offset;
	(void)size;
	for (size_t i = 0; i < d->n; i++) {
		const char *name = d->v[i].name;
		CHECK(name[0] != '\0' && strlen(name) <= 255 && strchr(name, '/') == NULL);
	}
	return outcome(told(req));
}

static int on_statfs(void *req)
{
	return outcome(told(req));
}

static const struct op_sink sink = {on_error, on_entry,  on_attr,    on_data,      on_link,
				    on_open,  on_create, on_written, on_directory, on_statfs};

/* --- in place of process.c: --wrap ----------------------------------------------------------- */

int __wrap_process_read(pid_t tid, struct process *p);
pid_t __wrap_process_group(pid_t tid);
bool __wrap_process_ending(pid_t tid);

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

/* --- in place of http.c ---------------------------------------------------------------------- */

struct http {
	struct list open;
	bool hold;
};

struct http_call {
	struct list link;
	struct http_request r;
	char *path; /* owned */
	bool sent;
};

static unsigned asked_to_change(void)
{
	return ever_asked[OP_WRITE] + ever_asked[OP_FLUSH] + ever_asked[OP_FSYNC] +
	       ever_asked[OP_SETATTR] + ever_asked[OP_RENAME] + releases;
}

static bool removal_committed(void)
{
	list_for_each(pos, &fs->ops.live)
	{
		const struct op *op = container_of(pos, struct op, live);
		if (op->kind == OP_RMDIR && (op->state == OP_COMMITTED || op->state == OP_DETACHED))
			return true;
	}
	return false;
}

/* Nothing is changed that nobody asked for. */
static void check_change(const struct http_request *r)
{
	bool access = str_ends(r->path, "/access");

	if (str_eq(r->method, "GET"))
		return;
	if (str_eq(r->method, "POST")) {
		CHECK(access ? asked_to_change() > 0
			     : ever_asked[OP_MKDIR] + ever_asked[OP_WRITE] + ever_asked[OP_FLUSH] >
				       0);
		return;
	}
	CHECK(str_eq(r->method, "DELETE"));
	if (access) {
		CHECK(asked_to_change() + ever_asked[OP_UNLINK] + ever_asked[OP_RMDIR] > 0);
		return;
	}
	CHECK(removal_committed() && ++deletions <= ever_asked[OP_RMDIR]);
}

struct http_call *http_send(struct http *h, const struct http_request *request)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	CHECK(str_starts(request->path, "/v1/") && request->authorization != NULL);
	CHECK(request->body == NULL || request->body[0] == '{');
	check_change(request);
	c->r = *request;
	c->path = xstrdup(request->path);
	c->r.path = c->r.body = NULL;
	c->sent = !h->hold;
	list_append(&h->open, &c->link);
	return c;
}

bool http_sent(const struct http_call *call)
{
	return call->sent;
}

static void call_free(struct http_call *c)
{
	list_remove(&c->link);
	free(c->path);
	free(c);
}

void http_cancel(struct http *h, struct http_call *call)
{
	(void)h;
	call_free(call);
}

void http_promote(struct http_call *call)
{
	(void)call;
}

struct http_stats http_stats(const struct http *h)
{
	(void)h;
	return (struct http_stats){.budget_left = -1};
}

#define LIST(items) "{\"type\":\"list\",\"current_page\":1,\"next_page\":null,\"data\":[" items "]}"
#define THING(id, name, more)                                                                      \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"created_at\":\"2026-01-01T00:00:00Z\"" more "}"
#define ACCESS(scope, type, id, name)                                                              \
	"{\"access\":\"" scope "\",\"resource_type\":\"" type "\",\"resource_id\":\"" id           \
	"\",\"resource_name\":\"" name "\"}"
#define GRANTED(grants) ",\"service_token_accesses\":[" grants "]"
#define ON_SHOP         ACCESS("read_branch", "Database", "d1", "shop")
#define ON_ACME         ACCESS("read_databases", "Organization", "o1", "acme")
#define CI              THING("t1", "ci", GRANTED(ON_SHOP "," ON_ACME))
#define WEB             THING("t2", "web", GRANTED(""))

static const char organizations[] = LIST(THING("o1", "acme", ""));
static const char databases[] = LIST(THING("d1", "shop", "") "," THING("d2", "blog", ""));
static const char tokens[] = LIST(CI "," WEB);

static const char *const bodies[] = {
	"",
	"{}",
	tokens,
	LIST(CI),
	LIST(CI "," THING("t3", "ci", GRANTED(ON_ACME))),
	"{\"next_page\":2,\"data\":[" CI "]}",
	LIST(ON_SHOP),
	LIST(""),
	LIST(ON_SHOP "," ACCESS("write_x", "Database", "d9", "gone")),
	organizations,
	databases,
	LIST(THING("d2", "shop", "")),
	CI,
	THING("t9", "new", ",\"token\":\"pscale_tkn_new\"" GRANTED("")),
	"{\"code\":\"not_found\",\"message\":\"Not Found\"}",
	"{\"code\":\"invalid_params\",\"message\":\"access write_x is not valid\"}",
};

/* As PlanetScale would. */
static const char *answer_to(const struct http_call *c)
{
	if (str_starts(c->path, "/v1/organizations?"))
		return organizations;
	if (strstr(c->path, "/databases?") != NULL)
		return databases;
	if (strstr(c->path, "/grants?") != NULL)
		return strstr(c->path, "/t1/") != NULL ? LIST(ON_SHOP "," ON_ACME) : LIST("");
	if (str_ends(c->path, "/access"))
		return LIST(ON_SHOP);
	if (str_eq(c->r.method, "POST"))
		return bodies[13];
	if (strstr(c->path, "/service-tokens?") != NULL)
		return tokens;
	return str_ends(c->path, "/t1") ? CI : WEB;
}

/* The call is over before its callback runs, and its memory goes. */
static void end_call(struct http_call *c, struct http_result *result, const char *body, size_t len)
{
	struct http_request r = c->r;
	char *copy = xstrndup(body, len);

	call_free(c);
	result->body = copy;
	result->body_len = len;
	result->attempts = 1 + (int)(len % 2);
	r.done(r.ctx, result);
	free(copy);
}

static struct http_call *some_call(struct http *h, unsigned nth)
{
	unsigned n = 0;

	list_for_each(pos, &h->open) n++;
	if (n == 0)
		return NULL;
	nth %= n;
	list_for_each(pos, &h->open)
	{
		if (nth-- == 0)
			return container_of(pos, struct http_call, link);
	}
	return NULL;
}

static void answer(struct http *h)
{
	static const int statuses[] = {200, 201, 204, 400, 401, 403, 404, 409,
				       410, 422, 429, 500, 503, 302, 100, 999};
	static const int errs[] = {ECONNREFUSED, EHOSTUNREACH, EPROTO, ETIMEDOUT,
				   EAGAIN,       EREMOTEIO,    ENOMEM, ECONNREFUSED};
	struct http_result result = {.fate = HTTP_ANSWERED, .status = 200};
	unsigned how = take();
	struct http_call *c = some_call(h, how >> 4);
	const char *body;
	size_t len;

	if (c == NULL)
		return;
	c->sent = true;
	body = answer_to(c);
	if ((how & 15) < 10) {
		if (str_eq(c->r.method, "DELETE"))
			result.status = 204;
		len = strlen(body);
	} else if ((how & 15) == 10) {
		result.fate = take() % 2 == 0 ? HTTP_NOT_SENT : HTTP_UNKNOWN;
		result.status = 0;
		error_set(&result.error, errs[take() % ARRAY_LEN(errs)], "the connection broke");
		body = "";
		len = 0;
	} else if ((how & 15) < 14) {
		unsigned which = take();
		result.status = statuses[which >> 4];
		body = bodies[which & 15];
		len = strlen(body);
	} else {
		result.status = (int)(take() * 4);
		len = take_bytes(200, &body);
	}
	end_call(c, &result, body, len);
}

/* --- what the kernel asks -------------------------------------------------------------------- */

static char *take_name(void)
{
	static const char *const names[] = {
		"acme",
		"service-tokens",
		"ci",
		"web",
		"databases",
		"shop",
		"blog",
		"permissions",
		"new",
		".permissions.swp",
		"permissions~",
		".pscalefs",
		"refresh",
		"errors",
		"create-token",
		"by-id",
		"t1",
		"t2",
		"access",
		"tokens",
		"secret",
		"env",
		"info",
		"4913",
		".#permissions",
		"ci@t1",
		"ci@t3",
		"id",
		"sedXXXXXX",
		"new.ttl=1d",
	};
	unsigned which = take();
	const char *bytes;

	if (which < 224)
		return xstrdup(names[which % ARRAY_LEN(names)]);
	size_t n = take_bytes(which == 255 ? 300 : 24, &bytes);
	char *name = xstrndup(bytes, n);
	for (char *s = name; *s != '\0'; s++)
		if (*s == '/')
			*s = '_';
	if (name[0] != '\0' && !str_eq(name, ".") && !str_eq(name, ".."))
		return name;
	free(name);
	return xstrdup("x");
}

static void take_data(struct buf *out)
{
	static const char *const texts[] = {
		"read_branch\n",
		"write_x\n",
		"",
		"# nothing\n",
		"-read_branch\n",
		"read_branch",
		"ci\nnew\n",
		"new 1d\n",
		"read_databases\n",
		"+delete_branch\n",
		"\n",
		"connect_branch\nread_branch\n",
	};
	unsigned which = take();
	const char *bytes;

	if (which < 160) {
		buf_adds(out, texts[which % ARRAY_LEN(texts)]);
		return;
	}
	size_t n = take_bytes(128, &bytes);
	buf_add(out, bytes, n);
	if (which == 255)
		buf_resize(out, out->len + 70000);
}

static uint64_t take_offset(void)
{
	unsigned which = take();

	if (which < 128)
		return which % 2 == 0 ? 0 : which / 2;
	return which == 255 ? INT64_MAX - 4096 : (uint64_t)1 << (which % 62);
}

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
		a->node = take_node(0);
		break;
	default:
		a->node = take_node(S_IFDIR);
	}
	return a->node != 0;
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
		a->may_write = (op->flags & O_ACCMODE) != O_RDONLY;
		break;
	case OP_READ:
	case OP_READDIR:
		op->offset = take_offset();
		op->size = 4096;
		break;
	case OP_WRITE:
		op->offset = take_offset();
		take_data(&op->data);
		break;
	case OP_GETATTR:
	case OP_READLINK:
	case OP_STATFS:
	case OP_SETXATTR:
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

static void ask(void)
{
	if (n_asked == ASKED_MAX)
		return;
	struct asked *a = &asked[n_asked];
	unsigned kind = take(), how = take();
	pid_t pid = 100 + (pid_t)(how % PROCESSES);

	*a = (struct asked){.kind = kind < 96 ? OP_LOOKUP : (enum op_kind)(kind % OP_KINDS)};
	a->unwanted = how >= 240;
	if (!aim(a))
		return;
	n_asked++;
	if (a->kind != OP_FLUSH) /* exit closes files */
		ending[pid % PROCESSES] = false;
	ever_asked[a->kind]++;
	struct op *op = fs_op(fs, a->kind, a, pid, a->node);
	op->file = a->file;
	a->op = op;
	fill(a, op);
	op_start(op);
}

static void interrupt(void)
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

static void release(void)
{
	if (n_files == 0)
		return;
	struct known_file *f = &files[take() % n_files];
	uint64_t file = f->file;

	if (file_busy(file))
		return;
	*f = files[--n_files];
	releases++;
	fs_release(fs, file);
}

static void forget(void)
{
	size_t i = take() % n_nodes;
	uint64_t node = nodes[i].node, lookups = nodes[i].lookups;

	if (node == NODE_ROOT || node_busy(node))
		return;
	nodes[i] = nodes[--n_nodes];
	fs_forget(fs, node, lookups);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void run_ready(struct resources *all)
{
	for (int i = 0; resources_run_ready(all); i++)
		CHECK(i < 1000);
}

static void step(struct http *h, struct resources *all)
{
	unsigned what = take();

	if (what < 110)
		ask();
	else if (what < 190)
		answer(h);
	else if (what < 205)
		interrupt();
	else if (what < 220)
		release();
	else if (what < 228)
		forget();
	else if (what < 236)
		all->clock->mono_ms += (int64_t)take() * 1000;
	else if (what < 240)
		h->hold = !h->hold;
	else if (what < 243)
		fs_refresh(fs);
	else if (what < 246)
		(void)fs_poll_interrupted(fs);
	/* Sometimes more comes in before anybody runs. */
	if (what % 4 != 3)
		run_ready(all);
}

static void start_over(void)
{
	n_asked = n_files = 0;
	n_nodes = 1;
	nodes[0].node = NODE_ROOT;
	nodes[0].lookups = 1;
	nodes[0].mode = S_IFDIR;
	memset(ever_asked, 0, sizeof(ever_asked));
	memset(ending, 0, sizeof(ending));
	releases = deletions = 0;
	log_set_level(LEVEL_ERROR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "id0:pscale_tkn_secret";
	struct clock clock = {.mono_ms = 1000000, .wall_s = 1700000000};
	struct resources all;
	struct http h;

	input = data;
	input_left = size;
	start_over();
	unsigned settings = take();
	struct config config = {
		.api_url = xstrdup("https://api.example"),
		.cache_ms = (settings & 1) != 0 ? 0 : 30000,
		.timeout_ms = 30000,
		.offline = (settings & 2) != 0,
		.credential = {.kind = CREDENTIAL_SERVICE_TOKEN,
			       .source = SOURCE_SERVICE_TOKEN_ENV,
			       .origin = xstrdup("the environment"),
			       .token_id = xstrdup("id0"),
			       .header = secret_new(header, strlen(header))},
	};
	h = (struct http){.hold = false};
	list_init(&h.open);
	resources_init(&all, &clock, config.cache_ms, config.offline);
	struct renewal *renewal =
		renewal_new(&config.credential, NULL, config.timeout_ms, &clock);
	struct api *api = api_new(&h, renewal);
	struct store *store = store_new(api, &all);
	const struct fs_parts parts = {.config = &config,
				       .all = &all,
				       .store = store,
				       .api = api,
				       .http = &h,
				       .sink = &sink};
	fs = fs_new(&parts);
	for (int i = 0; i < STEPS_MAX && input_left > 0; i++)
		step(&h, &all);
	fs_stop(fs, ENODEV);
	for (size_t i = 0; i < n_asked; i++)
		CHECK(asked[i].replies == 1);
	store_free(store);
	fs_free(fs);
	api_free(api);
	renewal_free(renewal);
	CHECK(list_empty(&h.open));
	config_finish(&config);
	return 0;
}

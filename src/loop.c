#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "log.h"

/* Requests of the kernel a turn, before the network gets its turn again. */
#define RECEIVE_MOST 64
/* How soon a second signal to an interrupted caller is noticed: the kernel tells of the first only.
 */
#define INTERRUPTED_POLL_MS 50

int loop_init(struct loop *l, struct clock *clock, struct http *http, struct resources *all,
	      struct error *e)
{
	sigset_t set;

	*l = (struct loop){.clock = clock, .http = http, .all = all, .signal_fd = -1};
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (l->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0)
		return error_set(e, errno, "cannot receive signals");
	return 0;
}

void loop_finish(struct loop *l)
{
	if (l->signal_fd >= 0)
		close(l->signal_fd);
	l->signal_fd = -1;
}

/* A credential from the environment cannot have changed, and need not be said to have not. */
static void reload(struct api *api)
{
	struct error e;

	if (api_reload(api, &e) != 0 && e.err != ENOTSUP)
		log_warning("the credential was not read again: %s", e.text);
}

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP) {
			l->stop = true;
		} else if (l->fs != NULL) {
			log_notice("SIGHUP: what is cached is forgotten");
			http_refresh(l->http);
			fs_refresh(l->fs);
			reload(l->api);
		}
	}
}

static int64_t patience(struct loop *l, int64_t at_most_ms)
{
	if (!list_empty(&l->all->ready))
		return 0;
	if (l->fs != NULL && fs_poll_interrupted(l->fs))
		return list_empty(&l->all->ready) ? INTERRUPTED_POLL_MS : 0;
	return at_most_ms;
}

static void turn(struct loop *l, int64_t at_most_ms)
{
	struct http_pollfd fds[2] = {{.fd = l->signal_fd, .events = POLLIN}};
	unsigned n = 1;

	if (l->session != NULL)
		fds[n++] = (struct http_pollfd){.fd = session_fd(l->session), .events = POLLIN};
	http_turn(l->http);
	/* Who ran may have sent something, or may be whom loop_run() waits for: do not sleep on it.
	 */
	bool ran = resources_run_ready(l->all);
	http_poll(l->http, fds, n, ran ? 0 : patience(l, at_most_ms));
	if (fds[0].revents != 0)
		read_signals(l);
	if (l->session != NULL && fds[1].revents != 0)
		session_receive(l->session, RECEIVE_MOST);
}

void loop_run(struct loop *l, bool (*done)(void *ctx), void *ctx)
{
	clock_tick(l->clock);
	while (!l->stop && !(done != NULL && done(ctx)) &&
	       !(l->session != NULL && session_ended(l->session)))
		turn(l, -1);
}

void loop_drain(struct loop *l, int64_t patience_ms)
{
	int64_t until = l->clock->mono_ms + patience_ms;

	while (fs_busy(l->fs) && l->clock->mono_ms < until)
		turn(l, until - l->clock->mono_ms);
}

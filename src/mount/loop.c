/* SPDX-License-Identifier: MIT */
#include "mount/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* At most so many requests of the kernel per turn. */
#define RECEIVE_MOST 64
/* And at most so many that arrived before the signal to stop. */
#define DRAIN_MOST 4096
/* How often to check interrupted callers for a second signal: the kernel reports only the first. */
#define INTERRUPTED_POLL_MS 50

int loop_init(struct loop *l, struct clock *clock, struct http *http,
	      struct credential_refresh *credential_refresh, struct cache *cache,
	      const struct notify *notify, struct error *e)
{
	sigset_t set;

	*l = (struct loop){.clock = clock,
			   .http = http,
			   .credential_refresh = credential_refresh,
			   .cache = cache,
			   .notify = notify,
			   .signal_fd = -1,
			   .owner_fd = -1};
	awake_init(&l->awake);
	/* They mean nothing here, and would by default end the mount, and the secrets with it. */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
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

static void read_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue; /* credential_refresh_turn() checks its children */
		if (info.ssi_signo != SIGHUP) {
			l->stop = true;
		} else if (l->fs != NULL) {
			notify_reloading(l->notify);
			l->reloading = true;
			log_notice("SIGHUP: cache cleared");
			http_refresh(l->http);
			fs_refresh(l->fs);
			credential_refresh_now(l->credential_refresh);
		}
	}
}

/* The service manager is told that a reload has ended when the keyring has answered. */
static void end_reload(struct loop *l)
{
	if (!l->reloading || l->ending || credential_refresh_fd(l->credential_refresh) >= 0)
		return;
	l->reloading = false;
	notify_ready(l->notify, "mounted");
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static int64_t patience(struct loop *l, int64_t at_most_ms)
{
	if (!list_empty(&l->cache->ready))
		return 0;
	if (l->fs != NULL && fs_poll_interrupted(l->fs))
		return list_empty(&l->cache->ready) ? INTERRUPTED_POLL_MS : 0;
	at_most_ms = sooner(at_most_ms, cache_sleep_ms(l->cache));
	return sooner(at_most_ms, credential_refresh_sleep_ms(l->credential_refresh));
}

/* Wait until something can be done, asleep or awake (awake.h). */
static void wait_for_work(struct loop *l, struct pollfd *fds, unsigned n,
			  const struct pollfd *kernel, int64_t at_most_ms)
{
	bool waits = at_most_ms != 0 && kernel != NULL;
	bool stays = waits && awake_stays(&l->awake);
	int64_t since_ns = waits ? clock_precise_ns() : 0;

	if (stays) {
		bool came = session_await(l->session, since_ns + AWAKE_NS);
		awake_stayed(&l->awake, came);
		at_most_ms = came ? 0 : at_most_ms;
	}
	http_poll(l->http, fds, n, at_most_ms);
	if (waits && !stays && kernel->revents != 0)
		awake_slept(&l->awake, clock_precise_ns() - since_ns);
}

static void turn(struct loop *l, int64_t at_most_ms)
{
	struct pollfd fds[5] = {{.fd = l->signal_fd, .events = POLLIN}};
	unsigned n = 1, kernel = 0, notifier = 0, owner = 0;

	credential_refresh_turn(l->credential_refresh);
	end_reload(l);
	http_turn(l->http);
	/* If a waiter ran, it may have sent a request, or loop_run() may wait for it: do not
	 * sleep. */
	bool ran = cache_run_ready(l->cache);
	if (l->ending && !fs_busy(l->fs))
		return;
	if (l->session != NULL) {
		kernel = n++;
		fds[kernel] = (struct pollfd){.fd = session_fd(l->session), .events = POLLIN};
		if (session_notifier_fd(l->session) >= 0) {
			notifier = n++;
			fds[notifier] = (struct pollfd){.fd = session_notifier_fd(l->session),
							.events = POLLIN};
		}
	}
	if (credential_refresh_fd(l->credential_refresh) >= 0)
		fds[n++] = (struct pollfd){.fd = credential_refresh_fd(l->credential_refresh),
					   .events = POLLIN};
	if (l->owner_fd >= 0) {
		owner = n++;
		fds[owner] = (struct pollfd){.fd = l->owner_fd, .events = POLLIN};
	}
	wait_for_work(l, fds, n, kernel != 0 ? &fds[kernel] : NULL,
		      ran ? 0 : patience(l, at_most_ms));
	if (fds[0].revents != 0)
		read_signals(l);
	if (notifier != 0 && fds[notifier].revents != 0)
		session_told(l->session);
	if (owner > 0 && fds[owner].revents != 0) {
		l->owner_fd = -1;
		l->stop = l->stop || !l->ending; /* a second request to stop cancels changes */
	}
	if (l->session != NULL && fds[kernel].revents != 0)
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

	l->ending = true;
	/* A file that was closed before the signal came may still have to be reported as closed. */
	if (!session_ended(l->session))
		session_receive(l->session, DRAIN_MOST);
	while (fs_busy(l->fs) && l->clock->mono_ms < until)
		turn(l, until - l->clock->mono_ms);
}

void loop_complete(struct loop *l)
{
	l->session = NULL;
	l->ending = true;
	l->stop = false;
	while (fs_busy(l->fs) && !l->stop)
		turn(l, -1);
}

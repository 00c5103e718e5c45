/* SPDX-License-Identifier: MIT */
#include "mount/notifier.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xmalloc.h"

struct notifier {
	void (*tell)(void *ctx, uint64_t node);
	void *ctx; /* borrowed */
	int fd;    /* owned; an eventfd: the number of nodes that were told */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	uint64_t *queue; /* owned */
	size_t n, size;
	bool end;
};

/* Take the whole queue, in exchange for an empty one. 0: the thread shall end. */
static size_t next_batch(struct notifier *n, uint64_t **batch, size_t *size)
{
	size_t count = 0;

	pthread_mutex_lock(&n->lock);
	while (n->n == 0 && !n->end)
		pthread_cond_wait(&n->more, &n->lock);
	if (!n->end) {
		uint64_t *empty = *batch;
		size_t empty_size = *size;
		*batch = n->queue;
		*size = n->size;
		count = n->n;
		n->queue = empty;
		n->size = empty_size;
		n->n = 0;
	}
	pthread_mutex_unlock(&n->lock);
	return count;
}

static bool ends(struct notifier *n)
{
	pthread_mutex_lock(&n->lock);
	bool end = n->end;
	pthread_mutex_unlock(&n->lock);
	return end;
}

static void *notify(void *arg)
{
	struct notifier *n = arg;
	uint64_t *batch = NULL;
	size_t size = 0, count;

	while ((count = next_batch(n, &batch, &size)) > 0) {
		for (size_t i = 0; i < count && !ends(n); i++)
			n->tell(n->ctx, batch[i]);
		while (eventfd_write(n->fd, count) != 0 && errno == EINTR)
			;
	}
	free(batch);
	return NULL;
}

static int start_thread(struct notifier *n)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&n->thread, NULL, notify, n);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

struct notifier *notifier_new(void (*tell)(void *ctx, uint64_t node), void *ctx, struct error *e)
{
	struct notifier *n = xcalloc(1, sizeof(*n));

	n->tell = tell;
	n->ctx = ctx;
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->more, NULL);
	n->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = n->fd < 0 ? errno : start_thread(n);
	if (r == 0)
		return n;
	error_set(e, r, "cannot start the thread that notifies the kernel: %s", strerror(r));
	if (n->fd >= 0)
		close(n->fd);
	free(n);
	return NULL;
}

void notifier_free(struct notifier *n)
{
	if (n == NULL)
		return;
	pthread_mutex_lock(&n->lock);
	n->end = true;
	pthread_cond_signal(&n->more);
	pthread_mutex_unlock(&n->lock);
	pthread_join(n->thread, NULL);
	pthread_cond_destroy(&n->more);
	pthread_mutex_destroy(&n->lock);
	close(n->fd);
	free(n->queue);
	free(n);
}

void notifier_add(struct notifier *n, uint64_t node)
{
	pthread_mutex_lock(&n->lock);
	if (n->n == n->size) {
		n->size = n->size == 0 ? 64 : n->size * 2;
		n->queue = xrealloc(n->queue, n->size * sizeof(*n->queue));
	}
	n->queue[n->n++] = node;
	pthread_cond_signal(&n->more);
	pthread_mutex_unlock(&n->lock);
}

int notifier_fd(const struct notifier *n)
{
	return n->fd;
}

size_t notifier_take(struct notifier *n)
{
	eventfd_t told = 0;

	return eventfd_read(n->fd, &told) == 0 ? (size_t)told : 0;
}

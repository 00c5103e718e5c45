/* SPDX-License-Identifier: MIT */
/* The queue of notifications and its thread: all are told, in order, and none delays the loop. */
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "mount/notifier.h"

#define NODES 1000

/* What the thread was asked to tell; and a gate that holds it up. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t told[NODES];
	size_t n;
	bool closed;  /* no notification returns */
	bool inside;  /* one waits at the gate */
	bool loop;    /* it was told by the thread of the loop */
	bool signals; /* the thread may get signals */
	pthread_t main;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void tell(void *ctx, uint64_t node)
{
	sigset_t mask;

	assert_ptr_equal(ctx, &gate);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	pthread_mutex_lock(&gate.lock);
	gate.loop = gate.loop || pthread_equal(pthread_self(), gate.main);
	gate.signals = gate.signals || !sigismember(&mask, SIGTERM) || !sigismember(&mask, SIGHUP);
	gate.inside = true;
	pthread_cond_broadcast(&gate.changed);
	while (gate.closed)
		pthread_cond_wait(&gate.changed, &gate.lock);
	gate.inside = false;
	if (gate.n < NODES)
		gate.told[gate.n] = node;
	gate.n++;
	pthread_mutex_unlock(&gate.lock);
}

static void set_gate(bool closed)
{
	pthread_mutex_lock(&gate.lock);
	gate.closed = closed;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void await_inside(void)
{
	pthread_mutex_lock(&gate.lock);
	while (!gate.inside)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static struct notifier *start(void)
{
	struct error e;

	gate.n = 0;
	gate.loop = gate.signals = false;
	gate.main = pthread_self();
	struct notifier *n = notifier_new(tell, &gate, &e);
	assert_non_null(n);
	return n;
}

/* Take until so many were told. */
static void await_told(struct notifier *n, size_t count)
{
	struct pollfd told = {.fd = notifier_fd(n), .events = POLLIN};
	size_t taken = 0;

	while (taken < count) {
		assert_int_equal(poll(&told, 1, -1), 1);
		taken += notifier_take(n);
	}
	assert_int_equal(taken, count);
	assert_int_equal(notifier_take(n), 0);
	assert_int_equal(poll(&told, 1, 0), 0);
}

static void all_are_told_in_order(void **state)
{
	struct notifier *n = start();

	(void)state;
	for (uint64_t i = 0; i < NODES; i++)
		notifier_add(n, i);
	await_told(n, NODES);
	assert_int_equal(gate.n, NODES);
	for (uint64_t i = 0; i < NODES; i++)
		assert_int_equal(gate.told[i], i);
	assert_false(gate.loop);
	assert_false(gate.signals);
	notifier_free(n);
}

/* While one notification does not return, more can be added, and nothing counts as told. */
static void one_that_waits_delays_nobody(void **state)
{
	struct notifier *n = start();

	(void)state;
	set_gate(true);
	notifier_add(n, 1);
	await_inside();
	for (uint64_t i = 2; i <= NODES; i++)
		notifier_add(n, i);
	assert_int_equal(notifier_take(n), 0);
	set_gate(false);
	await_told(n, NODES);
	notifier_free(n);
}

/* What is in the queue at the end is dropped. */
static void the_end_drops_the_queue(void **state)
{
	struct notifier *n = start();

	(void)state;
	notifier_free(n);
	assert_int_equal(gate.n, 0);
	notifier_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_told_in_order),
		cmocka_unit_test(one_that_waits_delays_nobody),
		cmocka_unit_test(the_end_drops_the_queue),
	};

	return cmocka_run_group_tests_name("notifier", tests, NULL, NULL);
}

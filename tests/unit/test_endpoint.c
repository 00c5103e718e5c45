/* endpoint: which addresses a credential may be sent to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "endpoint.h"

static void a_good_address_loses_its_trailing_slashes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"https://api.planetscale.com", "https://api.planetscale.com"},
		{"https://api.planetscale.com/", "https://api.planetscale.com"},
		{"https://api.planetscale.com:8443/base//",
		 "https://api.planetscale.com:8443/base"},
		{"https://[2001:db8::1]:443/x", "https://[2001:db8::1]:443/x"},
		{"https://10.0.0.1", "https://10.0.0.1"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"http://127.9.8.7/", "http://127.9.8.7"},
		{"http://[::1]:1", "http://[::1]:1"},
		{"http://localhost:65535", "http://localhost:65535"},
		{"http://LOCALHOST", "http://LOCALHOST"},
	};
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup(free_ptr) char *url = endpoint_check(cases[i].in, &e);
		assert_non_null(url);
		assert_string_equal(url, cases[i].out);
	}
}

static void a_bad_address_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *in, *why;
	} cases[] = {
		{"", "must begin with https://"},
		{"api.planetscale.com", "must begin with https://"},
		{"ftp://x", "must begin with https://"},
		{"file:///etc/passwd", "must begin with https://"},
		{"http://api.planetscale.com", "http would show the credential"},
		{"http://127.0.0.1.example.com", "http would show"},
		{"http://128.0.0.1", "http would show"},
		{"http://127.1", "http would show"},
		{"http://localhost.example.com", "http would show"},
		{"http://[::ffff:127.0.0.1]", "http would show"},
		{"http://[::2]", "http would show"},
		{"https://user:pw@host", "user name or password"},
		{"http://127.0.0.1@evil.example", "user name or password"},
		{"https://", "no valid host"},
		{"https:///x", "no valid host"},
		{"https://-x", "no valid host"},
		{"https://h\xc3\xb6st", "no valid host"},
		{"https://a b", "no valid host"},
		{"https://[::1", "without a ']'"},
		{"https://[nonsense]", "no valid host"},
		{"https://[::1]x", "no valid port"},
		{"https://h:", "no valid port"},
		{"https://h:0", "no valid port"},
		{"https://h:65536", "no valid port"},
		{"https://h:123456", "no valid port"},
		{"https://h:8a", "no valid port"},
		{"https://h/?q", "query or fragment"},
		{"https://h?q", "query or fragment"},
		{"https://h/#f", "query or fragment"},
		{"https://h/a b", "a blank"},
		{"https://h/\n", "a blank"},
		{"https://h/\xc3\xa9", "no plain ASCII"},
		{"https://h/a\\b", "a blank or"},
	};
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_null(endpoint_check(cases[i].in, &e));
		if (strstr(e.text, cases[i].why) == NULL)
			fail_msg("'%s': %s", cases[i].in, e.text);
		assert_null(strstr(e.text, "pw"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_address_loses_its_trailing_slashes),
		cmocka_unit_test(a_bad_address_is_refused_with_a_reason),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}

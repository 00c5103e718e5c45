/* SPDX-License-Identifier: MIT */
/* endpoint: which addresses a credential may be sent to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/xmalloc.h"
#include "http/url.h"

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
		cleanup(free_ptr) char *url = url_check(cases[i].in, &e);
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
		{"https://h/\xc3\xa9", "not plain ASCII"},
		{"https://h/a\\b", "a blank or"},
	};
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_null(url_check(cases[i].in, &e));
		if (strstr(e.text, cases[i].why) == NULL)
			fail_msg("'%s': %s", cases[i].in, e.text);
		assert_null(strstr(e.text, "pw"));
	}
}

static void a_port_is_found(void **state)
{
	static const struct {
		const char *in;
		uint16_t port;
	} cases[] = {
		{"https://api.planetscale.com", 443},
		{"https://h/v1", 443},
		{"HTTPS://h", 443},
		{"http://localhost", 1080},
		{"http://localhost:8080", 8080},
		{"https://[::1]:8443/x:1", 8443},
		{"https://[::1]", 443},
		{"https://h:443?x=:9", 443},
		/* proxies */
		{"proxy.example", 1080},
		{"proxy.example:3128", 3128},
		{"http://user:12345@proxy:3128/", 3128},
		{"http://user:12345@proxy", 1080},
		{"socks5h://[fe80::1]:9050", 9050},
		{"socks5h://[fe80::1]", 1080},
		{"h:0", 0},
		{"h:65536", 0},
		{"h:", 1080},
		{":1", 1},
		{"", 1080},
		{"12", 1080},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (url_port(cases[i].in, 443, 1080) != cases[i].port)
			fail_msg("'%s': %d", cases[i].in, url_port(cases[i].in, 443, 1080));
}

static void url_segments_keep_only_what_is_unreserved(void **state)
{
	static const struct {
		const char *segment, *url;
	} cases[] = {
		{"acme", "acme"}, {"A-z_0.9~", "A-z_0.9~"},
		{"a b", "a%20b"}, {"a/b?c#d", "a%2Fb%3Fc%23d"},
		{"%41", "%2541"}, {"\xc3\xa9", "%C3%A9"},
		{"...", "..."},   {"a+b&c=d", "a%2Bb%26c%3Dd"},
		{"", NULL},       {".", NULL},
		{"..", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT;
		assert_int_equal(url_segment(cases[i].segment, &out), cases[i].url != NULL);
		assert_string_equal(buf_str(&out), cases[i].url == NULL ? "" : cases[i].url);
		buf_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_address_loses_its_trailing_slashes),
		cmocka_unit_test(a_bad_address_is_refused_with_a_reason),
		cmocka_unit_test(a_port_is_found),
		cmocka_unit_test(url_segments_keep_only_what_is_unreserved),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}

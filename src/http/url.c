/* SPDX-License-Identifier: MIT */
#include "http/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/xmalloc.h"

/* RFC 3986, 3.2: what ends the authority. */
#define AUTHORITY_END "/?#"

struct authority {
	char *host; /* owned; without the brackets of an IPv6 address */
	bool bracketed;
};

static void authority_finish(struct authority *a)
{
	free(a->host);
}

static bool all_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

static bool loopback(const struct authority *a)
{
	struct in6_addr six;
	struct in_addr four;

	if (a->bracketed)
		return inet_pton(AF_INET6, a->host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
	if (inet_pton(AF_INET, a->host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return strcasecmp(a->host, "localhost") == 0;
}

static bool host_valid(const struct authority *a)
{
	struct in6_addr six;

	if (a->bracketed)
		return inet_pton(AF_INET6, a->host, &six) == 1;
	return a->host[0] != '\0' && a->host[0] != '-' && a->host[0] != '.' &&
	       all_of(a->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
}

static bool port_valid(const char *s, size_t len)
{
	unsigned long port = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		port = port * 10 + (unsigned long)(s[i] - '0');
	}
	return port > 0 && port <= 65535;
}

static int split(const char *s, size_t len, struct authority *a, struct error *e)
{
	const char *end = s + len, *after;

	if (memchr(s, '@', len) != NULL)
		return error_set(e, EINVAL, "the API URL must not hold a user name or password");
	a->bracketed = len > 0 && s[0] == '[';
	if (a->bracketed) {
		const char *close = memchr(s, ']', len);
		if (close == NULL)
			return error_set(e, EINVAL, "the API URL has a '[' without a ']'");
		a->host = xstrndup(s + 1, (size_t)(close - s) - 1);
		after = close + 1;
	} else {
		after = memchr(s, ':', len);
		if (after == NULL)
			after = end;
		a->host = xstrndup(s, (size_t)(after - s));
	}
	if (!host_valid(a))
		return error_set(e, EINVAL, "the API URL has no valid host name");
	if (after == end)
		return 0;
	if (*after != ':' || !port_valid(after + 1, (size_t)(end - after) - 1))
		return error_set(e, EINVAL, "the API URL has no valid port (1 to 65535)");
	return 0;
}

static int check_rest(const char *rest, struct error *e)
{
	for (const char *p = rest; *p != '\0'; p++) {
		if (*p <= ' ' || *p >= 0x7f || *p == '\\')
			return error_set(e, EINVAL,
					 "the API URL contains a blank or a character that is not "
					 "plain ASCII");
		if (*p == '?' || *p == '#')
			return error_set(e, EINVAL,
					 "the API URL must not have a query or fragment");
	}
	return 0;
}

char *url_check(const char *url, struct error *e)
{
	cleanup(authority_finish) struct authority a = {0};
	bool plain = str_starts(url, "http://");

	if (!plain && !str_starts(url, "https://")) {
		error_set(e, EINVAL, "the API URL must begin with https://");
		return NULL;
	}
	const char *host = url + strlen(plain ? "http://" : "https://");
	size_t host_len = strcspn(host, AUTHORITY_END);
	if (split(host, host_len, &a, e) != 0 || check_rest(host + host_len, e) != 0)
		return NULL;
	if (plain && !loopback(&a)) {
		error_set(e, EINVAL,
			  "the API URL must begin with https://: http would show the credential to "
			  "the network and is for 127.0.0.1, [::1] and localhost only");
		return NULL;
	}
	size_t len = strlen(url);
	while (url[len - 1] == '/')
		len--;
	return xstrndup(url, len);
}

uint16_t url_port(const char *url, uint16_t https, uint16_t other)
{
	const char *scheme = strstr(url, "://");
	const char *authority = scheme != NULL ? scheme + strlen("://") : url;
	const char *end = authority + strcspn(authority, AUTHORITY_END);
	const char *port = end;

	/* After the last colon, unless that is part of an IPv6 address or a password. */
	while (port > authority && port[-1] >= '0' && port[-1] <= '9')
		port--;
	if (port == end || port == authority || port[-1] != ':')
		return strncasecmp(url, "https://", strlen("https://")) == 0 ? https : other;
	return port_valid(port, (size_t)(end - port)) ? (uint16_t)strtoul(port, NULL, 10) : 0;
}

/* RFC 3986, 2.3. */
static bool unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

bool url_segment(const char *segment, struct buf *out)
{
	if (segment[0] == '\0' || strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
		return false;
	for (const char *s = segment; *s != '\0'; s++) {
		if (unreserved(*s))
			buf_addc(out, *s);
		else
			buf_addf(out, "%%%02X", (unsigned)(unsigned char)*s);
	}
	return true;
}

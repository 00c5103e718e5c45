/* SPDX-License-Identifier: MIT */
#include "http/transfer_error.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "base/wiping_alloc.h"

enum detail {
	BARE,   /* the sentence alone */
	OS,     /* with the error of connect(2), which is also the errno */
	CURL_S, /* with curl's message */
	CA,     /* with curl's message and a hint */
};

struct failure {
	CURLcode code;
	int err;
	enum transfer_repeat repeat;
	enum detail detail;
	const char *before, *after; /* the host's name */
};

#define UNTRUSTED  CA, "the certificate of ", " is not trusted"
#define TLS_BROKEN CURL_S, "the TLS connection to ", " cannot be set up"
#define CUT_OFF    CURL_S, "the exchange with ", " was cut off"
#define NOT_HTTP   BARE, "the answer of ", " is not HTTP"

static const struct failure failures[] = {
	{CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH, REPEAT_QUICKLY, BARE, "the name of ",
	 " has no address, or no name server answers"},
	{CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH, REPEAT_QUICKLY, CURL_S, "the proxy for ",
	 " has no address"},
	{CURLE_COULDNT_CONNECT, EHOSTUNREACH, REPEAT_QUICKLY, OS, "cannot connect to ", ""},
	{CURLE_PEER_FAILED_VERIFICATION, EPROTO, REPEAT_NEVER, UNTRUSTED},
	{CURLE_SSL_ISSUER_ERROR, EPROTO, REPEAT_NEVER, UNTRUSTED},
	{CURLE_SSL_INVALIDCERTSTATUS, EPROTO, REPEAT_NEVER, UNTRUSTED},
	{CURLE_SSL_CACERT_BADFILE, EPROTO, REPEAT_NEVER, CA, "the CA file for ", " cannot be used"},
	{CURLE_SSL_CONNECT_ERROR, EPROTO, REPEAT_QUICKLY, TLS_BROKEN},
	{CURLE_SSL_CERTPROBLEM, EPROTO, REPEAT_NEVER, TLS_BROKEN},
	{CURLE_SSL_CIPHER, EPROTO, REPEAT_NEVER, TLS_BROKEN},
	{CURLE_SSL_ENGINE_INITFAILED, EPROTO, REPEAT_NEVER, TLS_BROKEN},
	{CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, REPEAT_LATER, BARE, "no connection to ",
	 " could be made in time"},
	{CURLE_GOT_NOTHING, EREMOTEIO, REPEAT_LATER, BARE, "",
	 " closed the connection without an answer"},
	{CURLE_ABORTED_BY_CALLBACK, EREMOTEIO, REPEAT_NEVER, BARE, "",
	 " dropped the request, which must not be sent twice"},
	{CURLE_SEND_ERROR, EREMOTEIO, REPEAT_LATER, CUT_OFF},
	{CURLE_RECV_ERROR, EREMOTEIO, REPEAT_LATER, CUT_OFF},
	{CURLE_PARTIAL_FILE, EREMOTEIO, REPEAT_LATER, BARE, "",
	 " closed the connection in the middle of its answer"},
	{CURLE_HTTP2, EREMOTEIO, REPEAT_LATER, CUT_OFF},
	{CURLE_HTTP2_STREAM, EREMOTEIO, REPEAT_LATER, CUT_OFF},
	{CURLE_NO_CONNECTION_AVAILABLE, EREMOTEIO, REPEAT_LATER, CUT_OFF},
	{CURLE_WEIRD_SERVER_REPLY, EREMOTEIO, REPEAT_NEVER, NOT_HTTP},
	{CURLE_UNSUPPORTED_PROTOCOL, EREMOTEIO, REPEAT_NEVER, NOT_HTTP},
	{CURLE_BAD_CONTENT_ENCODING, EREMOTEIO, REPEAT_NEVER, BARE, "the answer of ",
	 " cannot be decompressed"},
	{CURLE_WRITE_ERROR, EREMOTEIO, REPEAT_NEVER, CURL_S, "the answer of ", " cannot be read"},
	{CURLE_OUT_OF_MEMORY, ENOMEM, REPEAT_NEVER, BARE, "no memory for the exchange with ", ""},
#if LIBCURL_VERSION_NUM >= 0x074900
	{CURLE_PROXY, EHOSTUNREACH, REPEAT_QUICKLY, CURL_S, "the proxy does not connect to ", ""},
#endif
	{CURLE_OK, EREMOTEIO, REPEAT_NEVER, CURL_S, "the exchange with ",
	 " failed"}, /* all others */
};

static const struct failure *failure_find(CURLcode code)
{
	const struct failure *f = failures;

	while (f->code != code && f->code != CURLE_OK)
		f++;
	return f;
}

/* The errno of a failed connect(2), reduced to those that users can distinguish. */
static int connect_errno(CURL *easy)
{
	static const struct {
		long from;
		int to;
	} map[] = {
		{ECONNREFUSED, ECONNREFUSED},
		{ECONNRESET, ECONNREFUSED},
		{ETIMEDOUT, ETIMEDOUT},
	};
	long os = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (map[i].from == os)
			return map[i].to;
	return EHOSTUNREACH;
}

/*
 * Did the answer exceed a limit of ours or of libcurl? For a header line that is too long, libcurl
 * reports "out of memory" although none of its allocations failed.
 */
static bool too_large(struct transfer *t, CURLcode code, const char *host, size_t body_max_bytes)
{
	bool line = code == CURLE_OUT_OF_MEMORY && !wiping_exhausted() && t->ready;
	bool head = t->header_bytes > HEADERS_MAX ||
		    str_starts(t->detail, "Too large response headers");

#if LIBCURL_VERSION_NUM >= 0x080600
	line = line || code == CURLE_TOO_LARGE;
#endif
	if (line)
		error_set(&t->error, EREMOTEIO,
			  "the answer of %s has a header line of more than %zu bytes", host,
			  HEADER_LINE_MAX);
	else if (head)
		error_set(&t->error, EREMOTEIO,
			  "the head of the answer of %s is larger than %zu bytes", host,
			  HEADERS_MAX);
	else if (t->overflow)
		error_set(&t->error, EREMOTEIO, "the answer of %s is larger than %zu bytes", host,
			  body_max_bytes);
	return line || head || t->overflow;
}

/* Did the connection, or its HTTP/2 session, fail before the whole head was received? */
static bool cut_in_head(const struct transfer *t, CURLcode code)
{
	return !t->head_ended &&
	       (code == CURLE_RECV_ERROR || code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM);
}

void transfer_error(struct transfer *t, int curl_code, const char *host, size_t body_max_bytes)
{
	CURLcode code = (CURLcode)curl_code;
	const struct failure *f = failure_find(code);
	const char *detail = "";
	int err = f->detail == OS ? connect_errno(t->easy) : f->err;

	t->status = 0;
	t->repeat = REPEAT_NEVER;
	if (too_large(t, code, host, body_max_bytes))
		return;
	t->repeat = f->repeat;
	t->http1 = t->http1 || cut_in_head(t, code);
	if (f->detail == OS)
		detail = strerror(err);
	else if (f->detail != BARE)
		detail = t->detail[0] != '\0' ? t->detail : curl_easy_strerror(code);
	error_set(&t->error, err, "%s%s%s%s%s", f->before, host, f->after,
		  *detail != '\0' ? ": " : "", detail);
	if (f->detail == CA)
		error_hint(&t->error, "If a proxy or a private authority signs certificates here, "
				      "name its certificate with --cacert FILE.");
}

/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/xmalloc.h"

#define DAY_S 86400

const char *const tls_kinds = "good|untrusted|wrong-host|expired";

struct identity {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
};

static void finish_identity(struct identity *identity)
{
	if (identity->key)
		gnutls_x509_privkey_deinit(identity->key);
	if (identity->certificate)
		gnutls_x509_crt_deinit(identity->certificate);
}

/* Key, names and dates; not yet signed. @day is where its 30 days end. */
static int start_identity(struct identity *identity, const char *name, unsigned char serial,
			  int day)
{
	time_t now = time(NULL);
	unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
	int error = gnutls_x509_privkey_init(&identity->key);

	if (!error)
		error = gnutls_x509_privkey_generate(identity->key, GNUTLS_PK_ECDSA, bits, 0);
	if (!error)
		error = gnutls_x509_crt_init(&identity->certificate);
	if (!error)
		error = gnutls_x509_crt_set_version(identity->certificate, 3);
	if (!error)
		error = gnutls_x509_crt_set_serial(identity->certificate, &serial, 1);
	if (!error)
		error = gnutls_x509_crt_set_key(identity->certificate, identity->key);
	if (!error)
		error = gnutls_x509_crt_set_dn_by_oid(identity->certificate,
						      GNUTLS_OID_X520_COMMON_NAME, 0, name,
						      (unsigned)strlen(name));
	if (!error)
		error = gnutls_x509_crt_set_activation_time(identity->certificate,
							    now + (day - 31) * DAY_S);
	if (!error)
		error = gnutls_x509_crt_set_expiration_time(identity->certificate,
							    now + day * DAY_S);
	return error;
}

static int sign(struct identity *identity, const struct identity *issuer)
{
	return gnutls_x509_crt_sign2(identity->certificate, issuer->certificate, issuer->key,
				     GNUTLS_DIG_SHA256, 0);
}

static int make_ca(struct identity *ca, const char *name)
{
	int error = start_identity(ca, name, 1, 30);

	if (!error)
		error = gnutls_x509_crt_set_basic_constraints(ca->certificate, 1, -1);
	if (!error)
		error = gnutls_x509_crt_set_key_usage(ca->certificate, GNUTLS_KEY_KEY_CERT_SIGN);
	return error ? error : sign(ca, ca);
}

static int add_host(struct identity *server, const char *host)
{
	return gnutls_x509_crt_set_subject_alt_name(server->certificate, GNUTLS_SAN_DNSNAME, host,
						    (unsigned)strlen(host), GNUTLS_FSAN_APPEND);
}

static int make_server(struct identity *server, const struct identity *ca, const char *kind)
{
	struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
	int error = start_identity(server, "pscale-emulator", 2,
				   strcmp(kind, "expired") == 0 ? -1 : 30);

	if (!error && !strcmp(kind, "wrong-host"))
		error = add_host(server, "elsewhere.invalid");
	else if (!error)
		error = add_host(server, "localhost");
	if (!error && strcmp(kind, "wrong-host") != 0)
		error = gnutls_x509_crt_set_subject_alt_name(server->certificate,
							     GNUTLS_SAN_IPADDRESS, &loopback,
							     sizeof(loopback), GNUTLS_FSAN_APPEND);
	if (!error)
		error = gnutls_x509_crt_set_key_usage(server->certificate,
						      GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (!error)
		error = gnutls_x509_crt_set_key_purpose_oid(server->certificate,
							    GNUTLS_KP_TLS_WWW_SERVER, 0);
	return error ? error : sign(server, ca);
}

static char *datum_text(const gnutls_datum_t *datum)
{
	char *text = xcalloc(1, datum->size + 1);

	memcpy(text, datum->data, datum->size);
	return text;
}

static char *certificate_text(const struct identity *identity)
{
	gnutls_datum_t datum = {0};
	char *text;

	if (gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &datum))
		return NULL;
	text = datum_text(&datum);
	gnutls_free(datum.data);
	return text;
}

static char *key_text(const struct identity *identity)
{
	gnutls_datum_t datum = {0};
	char *text;

	if (gnutls_x509_privkey_export2_pkcs8(identity->key, GNUTLS_X509_FMT_PEM, NULL,
					      GNUTLS_PKCS_PLAIN, &datum))
		return NULL;
	text = datum_text(&datum);
	gnutls_free(datum.data);
	return text;
}

static int save(const char *directory, const char *name, const char *text, char **path)
{
	char *full = xasprintf("%s/%s", directory, name);
	int error = text ? write_file_atomically(full, text, strlen(text), 0600) : -EIO;

	if (path)
		*path = full;
	else
		free(full);
	return error;
}

static int save_all(struct tls_files *files, const char *directory, const char *ca_pem)
{
	int error;

	if (mkdir(directory, 0700) && errno != EEXIST)
		return -errno;
	error = save(directory, "ca.pem", ca_pem, &files->ca_path);
	if (!error)
		error = save(directory, "server.pem", files->certificate_pem, NULL);
	if (!error)
		error = save(directory, "server.key", files->key_pem, NULL);
	return error;
}

int tls_make(struct tls_files *files, const char *directory, const char *kind)
{
	struct identity trusted = {0}, stranger = {0}, server = {0};
	bool untrusted = !strcmp(kind, "untrusted");
	char *ca_pem = NULL;
	int error = make_ca(&trusted, "pscale-emulator CA");

	*files = (struct tls_files){0};
	if (!error)
		error = make_ca(&stranger, "pscale-emulator other CA");
	if (!error)
		error = make_server(&server, untrusted ? &stranger : &trusted, kind);
	if (error) {
		fprintf(stderr, "pscale-emulator: certificates: %s\n", gnutls_strerror(error));
		error = -EIO;
	} else {
		ca_pem = certificate_text(&trusted);
		files->certificate_pem = certificate_text(&server);
		files->key_pem = key_text(&server);
		error = save_all(files, directory, ca_pem);
	}
	free(ca_pem);
	finish_identity(&trusted);
	finish_identity(&stranger);
	finish_identity(&server);
	return error;
}

void tls_finish(struct tls_files *files)
{
	free(files->ca_path);
	free(files->certificate_pem);
	free(files->key_pem);
}

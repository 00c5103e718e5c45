#include "tree/tree_show.h"

#include <errno.h>

#include "planetscale/known_scopes.h"
#include "system/sandbox.h"

static int line(struct buf *out, const char *value)
{
	if (value != NULL && value[0] != '\0')
		buf_addf(out, "%s\n", value);
	return 0;
}

/* --- .pscalefs ---------------------------------------------------------------------------------
 */

static const char *credential_words(const struct credential *c)
{
	return c->kind == CREDENTIAL_SERVICE_TOKEN ? "service token" : "login";
}

/* Its own entry in the list of tokens, if it may be seen there, tells what it may do. */
static const struct token *own_token(const struct tree *t, const struct credential *c)
{
	for (size_t i = 0; i < t->model->n_organizations; i++) {
		struct token *own = model_token(t->model->organization[i], c->token_id);
		if (own != NULL && own->grants.has_data)
			return own;
	}
	return NULL;
}

static enum api_right right_of(const struct tree *t, const struct token *own,
			       const char *permission)
{
	if (own == NULL)
		return api_right(t->api, permission);
	const struct grant *g = model_grant(own, NULL);
	return g != NULL && scopes_has(&g->scopes, permission) ? API_RIGHT_HELD : API_RIGHT_LACKING;
}

enum api_right tree_own_right(const struct tree *t, const char *permission)
{
	const struct credential *c = api_credential(t->api);

	return c->kind == CREDENTIAL_SERVICE_TOKEN ? right_of(t, own_token(t, c), permission)
						   : API_RIGHT_HELD;
}

/* A service token manages tokens only with these; a login with whatever its user may. */
static void show_rights(const struct tree *t, const struct credential *c, struct buf *out)
{
	static const char *const permissions[] = {API_READ_DATABASES, API_READ_SERVICE_TOKENS,
						  "write_service_tokens", "delete_service_tokens"};
	static const struct {
		enum api_right right;
		const char *words;
	} lines[] = {
		{API_RIGHT_LACKING, "lacks"},
		{API_RIGHT_UNKNOWN, "unknown until used"},
	};

	if (c->kind != CREDENTIAL_SERVICE_TOKEN)
		return;
	const struct token *own = own_token(t, c);
	for (size_t l = 0; l < ARRAY_LEN(lines); l++) {
		const char *before = ": ";
		buf_adds(out, lines[l].words);
		for (size_t i = 0; i < ARRAY_LEN(permissions); i++) {
			if (right_of(t, own, permissions[i]) != lines[l].right)
				continue;
			buf_addf(out, "%s%s", before, permissions[i]);
			before = " ";
		}
		buf_adds(out, *before == ':' ? ": nothing\n" : "\n");
	}
	if (right_of(t, own, API_READ_DATABASES) == API_RIGHT_DOUBTFUL)
		buf_adds(out, "shows no database, maybe for lack of: " API_READ_DATABASES "\n");
}

/* `e`: of the last fetch, or NULL. */
static const char *last_try(const struct error *e)
{
	if (e == NULL)
		return "";
	return resource_unreachable(e) ? ", PlanetScale cannot be reached"
				       : ", asking again was refused";
}

/* Numbers that move have a fixed width, so that the size told is the size read. */
int show_status(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	const struct credential *c = api_credential(t->api);
	struct http_stats s = http_stats(t->http);
	const struct resource *organizations = &t->model->organizations;

	(void)w;
	(void)v;
	buf_addf(out, "version: %s\n", PSCALEFS_VERSION);
	buf_addf(out, "api: %s\n", t->config->api_url);
	buf_addf(out, "credential: %s%s%s\n", credential_words(c), c->token_id != NULL ? " " : "",
		 c->token_id != NULL ? c->token_id : "");
	buf_addf(out, "credential from: %s: %s\n", credential_source_name(c->source), c->origin);
	show_rights(t, c, out);
	buf_addf(out, "organization: %s\n", t->config->org != NULL ? t->config->org : "all");
	buf_addf(out, "requests sent: %10llu\n", (unsigned long long)s.sent);
	buf_addf(out, "requests failed: %10llu\n", (unsigned long long)s.failed);
	buf_addf(out, "requests running: %5u\n", s.running);
	buf_addf(out, "requests waiting: %5u\n", s.waiting);
	if (t->config->rate_per_minute > 0)
		buf_addf(out, "requests left at once: %5d of %d a minute\n", s.budget_left,
			 t->config->rate_per_minute);
	buf_addf(out, "paused for: %6lld ms\n", (long long)s.paused_ms);
	buf_addf(out, "cache: %lld s%s\n", (long long)t->config->cache_ms / 1000,
		 t->config->offline ? ", older when PlanetScale cannot be reached" : "");
	if (organizations->has_data)
		buf_addf(out, "organizations known for: %10lld s%s\n",
			 (long long)(clock_real_ms(t->clock) - organizations->landed_ms) / 1000,
			 last_try(organizations->error));
	buf_addf(out, "secrets kept: %5zu\n", t->model->n_kept);
	if (model_unlocked(t->model) > 0)
		buf_addf(out, "secrets that may be swapped out: %5zu\n", model_unlocked(t->model));
	sandbox_print(out);
	return 0;
}

int show_errors(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)w;
	(void)v;
	journal_print(t->journal, out);
	return 0;
}

int show_scopes_organization(struct tree *t, struct waiter *w, const struct view *v,
			     struct buf *out)
{
	(void)t;
	(void)w;
	(void)v;
	catalog_print(SCOPE_ORGANIZATION, out);
	return 0;
}

int show_scopes_database(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)t;
	(void)w;
	(void)v;
	catalog_print(SCOPE_DATABASE, out);
	return 0;
}

int show_nothing(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)t;
	(void)w;
	(void)v;
	(void)out;
	return 0;
}

/* --- organizations and databases
 * ------------------------------------------------------------------ */

#define SHOW(name, expression)                                                                     \
	int name(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)          \
	{                                                                                          \
		(void)t;                                                                           \
		(void)w;                                                                           \
		return line(out, expression);                                                      \
	}

SHOW(show_database_id, v->database->r.id)
SHOW(show_database_kind, v->database->r.kind)
SHOW(show_database_region, v->database->r.region)
SHOW(show_database_state, v->database->r.state)
SHOW(show_database_created_at, v->database->r.created_at)
SHOW(show_token_id, v->token->r.id)
SHOW(show_token_name, v->token->r.name)
SHOW(show_token_created_at, v->token->r.created_at)
SHOW(show_token_created_by, v->token->r.created_by)
SHOW(show_token_expires_at, v->token->r.expires_at)
SHOW(show_token_last_used_at, v->token->r.last_used_at)

int show_organization_info(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)t;
	(void)w;
	buf_add_json_lines(out, v->organization->r.info);
	return 0;
}

int show_database_info(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)t;
	(void)w;
	buf_add_json_lines(out, v->database->r.info);
	return 0;
}

int show_database_access(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	struct organization *o = v->organization;
	int r = resource_need(&o->tokens, w);

	if (r == 0)
		r = store_need_all_grants(t->store, w, o);
	for (size_t i = 0; r == 0 && i < o->n_tokens; i++) {
		const struct grant *g = model_grant(o->token[i], v->place.database_id);
		if (g == NULL || g->scopes.n == 0)
			continue;
		buf_addf(out, "%s\t", o->token[i]->file_name);
		scopes_print(&g->scopes, ' ', out);
		out->data[out->len - 1] = '\n'; /* the last separator ends the line */
	}
	return r;
}

int show_token_link(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)t;
	(void)w;
	buf_addf(out, "../../../service-tokens/%s", v->token->file_name);
	return 0;
}

int show_by_id_link(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)t;
	(void)w;
	buf_addf(out, "../service-tokens/%s", v->token->file_name);
	return 0;
}

/* --- tokens
 * ---------------------------------------------------------------------------------------- */

static void add_member(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, ",\"%s\":", key);
	if (value != NULL)
		buf_add_json(out, value);
	else
		buf_adds(out, "null");
}

/* What the API gave, with the grants as they are now in place of those it gave with it. */
int show_token_info(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	const struct grants *all = &v->token->r.grants;
	cleanup(buf_finish) struct buf text = BUF_INIT;
	bool first = true;
	int r = resource_need(&v->token->grants, w);

	(void)t;
	if (r != 0)
		return r;
	buf_adds(&text, v->token->r.info);
	buf_resize(&text, text.len - 1); /* the last brace */
	buf_adds(&text, ",\"service_token_accesses\":[");
	for (size_t i = 0; i < all->n; i++) {
		const struct grant *g = &all->v[i];
		for (size_t j = 0; j < g->scopes.n; j++) {
			buf_addf(&text, "%s{\"access\":", first ? "" : ",");
			buf_add_json(&text, g->scopes.v[j]);
			add_member(&text, "resource_type", g->resource_type);
			add_member(&text, "resource_name", g->resource_name);
			add_member(&text, "resource_id", g->resource_id);
			buf_addc(&text, '}');
			first = false;
		}
	}
	buf_adds(&text, "]}");
	buf_add_json_lines(out, buf_str(&text));
	return 0;
}

/* Room for a secret and its words, so that the buffer never grows and leaves a copy behind. */
#define SECRET_ROOM 512

static int show_secret(struct tree *t, const struct view *v, const char *before_id,
		       const char *between, struct buf *out)
{
	const struct secret *secret = model_secret(t->model, v->token->r.id);

	if (secret == NULL)
		return -ENOENT;
	buf_reserve(out, SECRET_ROOM + secret_len(secret));
	if (before_id != NULL)
		buf_addf(out, "%s%s%s", before_id, v->token->r.id, between);
	buf_add(out, secret_expose(secret), secret_len(secret));
	buf_addc(out, '\n');
	return 0;
}

int show_token_secret(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)w;
	return show_secret(t, v, NULL, NULL, out);
}

int show_token_env(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)w;
	return show_secret(t, v,
			   "PLANETSCALE_SERVICE_TOKEN_ID=", "\nPLANETSCALE_SERVICE_TOKEN=", out);
}

int show_token_header(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)w;
	return show_secret(t, v, "Authorization: ", ":", out);
}

int show_permissions(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	int r = resource_need(&v->token->grants, w);

	(void)t;
	if (r != 0)
		return r;
	const struct grant *g = model_grant(v->token, v->place.database_id);
	if (g != NULL)
		scopes_print(&g->scopes, '\n', out);
	return 0;
}

int show_scratch(struct tree *t, struct waiter *w, const struct view *v, struct buf *out)
{
	(void)t;
	(void)w;
	if (v->scratch->target != NULL)
		buf_adds(out, v->scratch->target);
	else
		buf_add(out, buf_str(&v->scratch->text), v->scratch->text.len);
	return 0;
}

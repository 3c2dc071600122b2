/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/permit/write.h"

#include <errno.h>

#include "plan/permit/base.h"
#include "plan/permit/read.h"
#include "plan/permit/words.h"
#include "policy/value/names.h"
#include "util/strv.h"
#include "util/word.h"

FILE *permit_line(PermitWriter *w, DirectiveId id) {
        FILE *f = w->sections[directive_table[id].section].f;

        w->wrote[id] = true;
        fprintf(f, "%s=", directive_table[id].name);
        return f;
}

static void write_line(PermitWriter *w, DirectiveId id, const char *value) {
        fprintf(permit_line(w, id), "%s\n", value);
}

static const Grain *single(const PermitWriter *w, DirectiveId id) {
        return &w->permit->facets[id].items[0];
}

static int write_same(PermitWriter *w, DirectiveId id) {
        const char *text = single(w, id)->text;

        for (size_t n; *text; text += n + (text[n] == '\n')) {
                n = strcspn(text, "\n");
                fprintf(permit_line(w, id), "%.*s\n", (int) n, text);
        }
        return 0;
}

/* A default that a private range of ids would lift is written, too. */
static int write_yes(PermitWriter *w, DirectiveId id) {
        const bool yes = single(w, id)->level == 0;

        if (!yes || directive_table[id].section != SECTION_SCOPE)
                write_line(w, id, yes ? "yes" : "no");
        return 0;
}

static int write_no(PermitWriter *w, DirectiveId id) {
        const Grain *g = single(w, id);

        if (g->level > 0)
                write_line(w, id, g->text && *g->text ? g->text : "yes");
        return 0;
}

/* Nothing, if a policy without the line has the rank. */
static int write_rank(PermitWriter *w, DirectiveId id) {
        const Grain *g = single(w, id);
        bool unset = false;
        _cleanup_free_ char *word = g->text ? strdup(g->text)
                                            : permit_rank_word(&directive_table[id], g->most[0], &unset);

        if (!word && !unset)
                return -ENOMEM;
        if (!unset)
                write_line(w, id, word);
        return 0;
}

static int does_not_compare(PermitWriter *w, DirectiveId id, const Grain *g) {
        _cleanup_free_ char *other = g->lost ? origin_format(g->lost->origin) : NULL;

        return report_error_at(w->report, g->from ? g->from->origin : (Origin) {}, directive_table[id].name, EINVAL,
                               "%s and %s (%s) cannot be compared: one is a share, the other a number; write both in "
                               "the same way",
                               g->from ? g->from->value.text : "?", g->lost ? g->lost->value.text : "?",
                               other ?: "built-in");
}

/* A size and a share of the memory compare only on one machine, so the lower one is written in bytes. */
static int write_memory(PermitWriter *w, DirectiveId id) {
        const Grain *g = single(w, id);
        const bool mixed = g->from && g->lost && g->from->value.relative != g->lost->value.relative;
        _cleanup_free_ char *other = mixed ? origin_format(g->lost->origin) : NULL;
        FILE *f = w->sections[directive_table[id].section].f;

        if (g->most[0] == directive_table[id].unset)
                return 0;
        if (mixed)
                fprintf(f, "# On this machine, %s permits less than %s (%s)\n", g->from->value.text,
                        g->lost->value.text, other ?: "built-in");
        f = permit_line(w, id);
        permit_write_memory(f, id, g, !mixed);
        fputc('\n', f);
        return 0;
}

static int write_less(PermitWriter *w, DirectiveId id) {
        const Directive *d = &directive_table[id];
        const Grain *g = single(w, id);
        FILE *f;

        if (d->type == &type_memory)
                return write_memory(w, id);
        if (d->type == &type_resource_limit) {
                if (g->most[0] == d->unset && g->most[1] == d->unset)
                        return 0;
                f = permit_line(w, id);
                permit_write_number(f, d, g->most[0]);
                fputc(':', f);
                permit_write_number(f, d, g->most[1]);
                fputc('\n', f);
                return 0;
        }
        if (g->most[0] == d->unset && (g->most[0] == 0 || g->most[1] == UINT64_MAX))
                return 0;
        if (g->most[0] != UINT64_MAX && g->most[0] != 0 && g->most[1] != UINT64_MAX)
                return does_not_compare(w, id, g);
        f = permit_line(w, id);
        if (g->most[1] != UINT64_MAX && g->most[0] != 0)
                permit_write_share(f, g->most[1]);
        else
                permit_write_number(f, d, g->most[0]);
        fputc('\n', f);
        return 0;
}

static int write_less_own(PermitWriter *w, DirectiveId id) {
        const Directive *d = &directive_table[id];
        const Grain *g = single(w, id);
        FILE *f;

        if (g->text)
                return 0;
        f = permit_line(w, id);
        permit_write_number(f, d, g->most[0]);
        if (d->type == &type_resource_limit) {
                fputc(':', f);
                permit_write_number(f, d, g->most[1]);
        }
        fputc('\n', f);
        return 0;
}

static int write_nice(PermitWriter *w, DirectiveId id) {
        const Grain *g = single(w, id);

        if (g->from)
                fprintf(permit_line(w, id), "%d\n", PERMIT_NICE_MAX - (int) g->most[0]);
        return 0;
}

static const char *architecture_name(const char *key) {
        int number = (int) (uint32_t) strtoul(key, NULL, 10);

        for (const NamedNumber *n = architectures; n->name; n++)
                if (n->number == number)
                        return n->name;
        return key;
}

/* The names of Optional= that matter: of lines that the policy has. */
static bool is_wanted(const PermitWriter *w, DirectiveId id, const Grain *g) {
        const bool allows = directive_table[id].order == ORDER_ALLOWS;

        if (g->level != allows)
                return false;
        return id != D_Optional || g->from || w->wrote[directive_id(directive_find(g->key))];
}

static int write_list(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];

        if (id == D_PassEnvironment && facet->other.level) {
                write_line(w, id, "*");
                return 0;
        }
        for (size_t i = 0; i < facet->n; i++) {
                const Grain *g = &facet->items[i];
                FILE *f = is_wanted(w, id, g) ? permit_line(w, id) : NULL;

                if (!f)
                        continue;
                word_write(f, directive_table[id].type == &type_architectures ? architecture_name(g->key) : g->key,
                           WORD_PERCENT);
                fputc('\n', f);
        }
        return 0;
}

static int write_kept(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];

        for (size_t i = 0; i < facet->n; i++) {
                FILE *f = permit_line(w, id);

                if (id == D_ExecStart)
                        fputs(facet->items[i].text, f);
                else if (directive_table[id].list)
                        word_write(f, facet->items[i].text, WORD_PERCENT);
                else
                        percent_write(f, facet->items[i].text);
                fputc('\n', f);
        }
        return 0;
}

static int write_user(PermitWriter *w, DirectiveId id) {
        const Grain *g = single(w, id);
        const char *colon = g->level == 0 ? strchr(g->text, ':') : NULL;

        if (colon && colon > g->text)
                fprintf(permit_line(w, D_User), "%.*s\n", (int) (colon - g->text), g->text);
        if (colon && colon[1])
                write_line(w, D_Group, colon + 1);
        return 0;
}

static int write_stream(PermitWriter *w, DirectiveId id) {
        const Grain *g = single(w, id);
        FILE *f = permit_line(w, id);

        percent_write(f, g->level == 0 ? "null" : g->text);
        fputc('\n', f);
        return 0;
}

static int write_numbers(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];
        bool any = false;
        FILE *f = NULL;

        for (size_t i = 0; i < facet->n && !facet->other.level; i++) {
                if (!facet->items[i].level)
                        continue;
                f = any ? f : permit_line(w, id);
                fprintf(f, "%s%s", any ? " " : "", facet->items[i].key);
                any = true;
        }
        if (any)
                fputc('\n', f);
        if (any || facet->other.level)
                return 0;
        return report_error(w->report, EINVAL, "%s=: the policies have no number in common", directive_table[id].name);
}

static int write_per_device(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];

        for (size_t i = 0; i < facet->n; i++) {
                FILE *f = permit_line(w, id);

                word_write(f, facet->items[i].key, WORD_PERCENT);
                fputc(' ', f);
                permit_write_number(f, &directive_table[id], facet->items[i].most[0]);
                fputc('\n', f);
        }
        return 0;
}

static int write_root(PermitWriter *w, DirectiveId id) {
        const Grain *g = single(w, id);
        const Value *v = &g->from->value;
        FILE *f = permit_line(w, id);

        if (g->most[0] == 0 || !*g->text)
                fputs(g->most[0] == 0 ? "none" : "/", f);
        else if (!v->words[1])
                literal_write(f, g->text, true);
        else
                for (char **layer = v->words; *layer; layer++) {
                        literal_write(f, *layer, true);
                        fputs(layer[1] ? ":" : "", f);
                }
        fputc('\n', f);
        return 0;
}

static int write_credentials(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];

        for (size_t i = 0; i < facet->n; i++) {
                const Grain *g = &facet->items[i];
                const DirectiveId kind = g->level == PLACE_HOST ? D_LoadCredential : D_SetCredential;
                FILE *f = g->level > 0 ? permit_line(w, kind) : NULL;

                if (!f)
                        continue;
                literal_write(f, g->key, true);
                fputc(':', f);
                literal_write(f, g->text, g->level == PLACE_HOST);
                fputc('\n', f);
        }
        return 0;
}

static int write_grants(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];

        for (size_t i = 0; i < facet->n; i++) {
                FILE *f = facet->items[i].level ? permit_line(w, id) : NULL;

                if (!f)
                        continue;
                word_write(f, facet->items[i].key, WORD_PERCENT);
                fputs(facet->items[i].bits ? ":rw\n" : "\n", f);
        }
        return 0;
}

static int write_facet(PermitWriter *w, DirectiveId id) {
        static int (*const writers[_ORDER_MAX])(PermitWriter *w, DirectiveId id) = {
                [ORDER_KEPT] = write_kept,
                [ORDER_SAME] = write_same,
                [ORDER_YES] = write_yes,
                [ORDER_NO] = write_no,
                [ORDER_RANK] = write_rank,
                [ORDER_LESS] = write_less,
                [ORDER_LESS_OWN] = write_less_own,
                [ORDER_NICE] = write_nice,
                [ORDER_ALLOWS] = write_list,
                [ORDER_DENIES] = write_list,
                [ORDER_NUMBERS] = write_numbers,
                [ORDER_PER_DEVICE] = write_per_device,
                [ORDER_ADDRESSES] = permit_write_addresses,
                [ORDER_DEVICES] = permit_write_devices,
                [ORDER_ROOT] = write_root,
                [ORDER_CREDENTIALS] = write_credentials,
                [ORDER_GRANTS] = write_grants,
                [ORDER_USER] = write_user,
                [ORDER_STREAM] = write_stream,
                [ORDER_BITS] = permit_write_bits,
                [ORDER_CALLS] = permit_write_calls,
        };

        return writers[directive_table[id].order] ? writers[directive_table[id].order](w, id) : 0;
}

/* The lines so far as the text of a policy. NULL when memory runs out. */
static char *compose(PermitWriter *w) {
        _cleanup_text_ Text all = {};

        for (Section s = 0; s < _SECTION_MAX; s++) {
                const char *lines = text_so_far(&w->sections[s]);

                if (!lines)
                        return NULL;
                if (!*lines)
                        continue;
                text_add(&all, "[");
                text_add(&all, section_names[s]);
                text_add(&all, "]\n");
                text_add(&all, lines);
        }
        return text_finish(&all);
}

/* A text as a policy with its permit. */
typedef struct Reread {
        Policy *policy;
        Permit *permit;
} Reread;

static void reread_deinit(Reread *r) {
        permit_free(r->permit);
        policy_free(r->policy);
}

static int reread(PermitWriter *w, Reread *ret) {
        static const Specifiers none = {};
        _cleanup_free_ char *text = compose(w);
        int r;

        ret->policy = policy_new(&none);
        if (!text || !ret->policy)
                return -ENOMEM;
        r = policy_read(ret->policy, "the policy that was written", text, strlen(text), w->report);
        if (r >= 0)
                r = policy_complete(ret->policy, w->report);
        return r < 0 ? r : permit_new(&ret->permit, ret->policy, NULL, w->report);
}

static int write_all(PermitWriter *w) {
        _cleanup_(reread_deinit) Reread base = {}, after = {};
        int r = 0;

        for (DirectiveId id = 0; r >= 0 && id < _DIRECTIVE_MAX; id++)
                if (id != D_Optional)
                        r = write_facet(w, id);
        if (r >= 0)
                r = reread(w, &base);
        if (r >= 0)
                r = permit_write_places(w, &base.permit->facets[D_Volume]);
        if (r >= 0)
                r = reread(w, &after);
        if (r >= 0)
                r = permit_write_exec(w, &after.permit->facets[D_ExecPaths]);
        return r < 0 ? r : write_list(w, D_Optional);
}

static int name_difference(void *userdata, DirectiveId id, const char *key, _unused_ const Grain *inner,
                           const Grain *outer) {
        return report_error_at(userdata, outer->from ? outer->from->origin : (Origin) {}, directive_table[id].name,
                               EINVAL, "no line of a policy can say what both policies permit here%s%s",
                               key && *key ? ": " : "", key ?: "");
}

/* The last defence against a mistake in the code above. */
static int check_result(PermitWriter *w) {
        _cleanup_(reread_deinit) Reread result = {};
        int r = reread(w, &result);

        return r < 0 ? r : permit_diff(result.permit, w->permit, name_difference, w->report);
}

int permit_write(const Permit *permit, char **ret, Report *report) {
        PermitWriter w = { .permit = permit, .report = report };
        char *text = NULL;
        int r;

        r = permit_check(permit, report);
        for (Section s = 0; r >= 0 && s < _SECTION_MAX; s++)
                r = text_open(&w.sections[s]);
        if (r >= 0)
                r = write_all(&w);
        if (r >= 0)
                r = check_result(&w);
        if (r >= 0)
                r = (text = compose(&w)) ? 0 : -ENOMEM;
        for (Section s = 0; s < _SECTION_MAX; s++)
                text_deinit(&w.sections[s]);
        if (r >= 0)
                *ret = text;
        return report_if_oom(report, r);
}

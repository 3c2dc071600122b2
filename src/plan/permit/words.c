/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/permit/words.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <sys/resource.h>

#include "plan/permit/base.h"
#include "plan/permit/read.h"
#include "policy/value/names.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

char *permit_rank_word(const Directive *d, uint64_t rank, bool *ret_unset) {
        _cleanup_strv_free_ char **words = NULL;
        char *first = NULL;
        uint64_t at = 0;

        *ret_unset = false;
        if (word_split(d->ranks, &words) < 0)
                return NULL;
        for (char **word = words; *word; word++) {
                if (at == rank && streq(*word, "-"))
                        *ret_unset = true;
                else if (at == rank && !first && !streq(*word, "<"))
                        first = strdup(*word);
                at += streq(*word, "<");
        }
        return first;
}

char *permit_format_range(const char *key) {
        const bool v6 = key[0] == '6';
        unsigned char bytes[16] = {};
        char text[INET6_ADDRSTRLEN];

        for (size_t i = 0; key[1 + i]; i++)
                if (key[1 + i] == '1')
                        bytes[i / 8] |= (unsigned char) (0x80 >> i % 8);
        inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, text, sizeof(text));
        return format("%s/%zu", text, strlen(key) - 1);
}

bool permit_is_set(DirectiveId id) {
        const Order order = directive_table[id].order;

        return order == ORDER_CALLS || order == ORDER_NUMBERS || order == ORDER_ALLOWS;
}

void permit_write_share(FILE *f, uint64_t share) {
        fprintf(f, share % 100 ? "%" PRIu64 ".%02" PRIu64 "%%" : "%" PRIu64 "%%", share / 100, share % 100);
}

/* Whether the number is of bytes, and a suffix has the base 1024. */
static bool is_size(const Directive *d) {
        static const int resources[] = { RLIMIT_AS,      RLIMIT_CORE,     RLIMIT_DATA, RLIMIT_FSIZE,
                                         RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_RSS,  RLIMIT_STACK };

        if (d->type != &type_resource_limit)
                return d->type == &type_memory;
        for (size_t i = 0; i < ELEMENTSOF(resources); i++)
                if (d->resource == resources[i])
                        return true;
        return false;
}

/* "256M" is easier to read than 268435456, and means the same. */
static void write_size(FILE *f, uint64_t number) {
        static const char suffixes[] = "KMGTPE";
        const char *suffix = "";

        for (const char *s = suffixes; *s && number > 0 && number % 1024 == 0; s++) {
                number /= 1024;
                suffix = s;
        }
        fprintf(f, "%" PRIu64 "%.1s", number, suffix);
}

void permit_write_number(FILE *f, const Directive *d, uint64_t number) {
        if (d->type == &type_cpu_quota)
                permit_write_share(f, number / 100);
        else if (number == UINT64_MAX)
                fputs("infinity", f);
        else if (d->type == &type_cpu_weight && number == 0)
                fputs("idle", f);
        else if (is_size(d))
                write_size(f, number);
        else
                fprintf(f, "%" PRIu64 "%s", number, d->type == &type_timespan ? "us" : "");
}

static const NamedNumber *names_of(DirectiveId id) {
        return id == D_RestrictAddressFamilies ? address_families
               : id == D_RestrictNamespaces    ? namespace_types
                                               : capability_names;
}

void permit_write_memory(FILE *f, DirectiveId id, const Grain *g, bool share) {
        const Value *v = g->from ? &g->from->value : NULL;

        if (share && v && v->relative && permit_memory(v) == g->most[0])
                permit_write_share(f, v->number);
        else
                permit_write_number(f, &directive_table[id], g->most[0]);
}

char *permit_describe_bits(DirectiveId id, const Grain *inner, const Grain *outer) {
        _cleanup_strv_free_ char **names = NULL;
        uint64_t left = inner->bits & ~outer->bits;

        for (const NamedNumber *n = names_of(id); n->name; n++) {
                /* The number of a namespace is its bit. */
                uint64_t bit = id == D_RestrictNamespaces ? (uint64_t) n->number : UINT64_C(1) << n->number;

                if (left & bit && strv_push(&names, n->name) < 0)
                        return NULL;
                left &= ~bit;
        }
        return names ? strv_join(names, " ") : strdup("all that have no name yet");
}

static void say_size(FILE *f, uint64_t bytes) {
        fputs(", up to ", f);
        write_size(f, bytes);
        fputs(bytes % 1024 ? " bytes" : "", f);
}

static void say_place(FILE *f, const Grain *g) {
        static const char *const words[] = { [PLACE_HIDDEN] = "hidden", [PLACE_TEXT] = "a text of the policy",
                                             [PLACE_ANY] = "not protected" };

        if (g->level != PLACE_HOST && g->level != PLACE_MEMORY) {
                fputs(words[g->level], f);
                return;
        }
        if (g->level == PLACE_MEMORY)
                fputs("memory", f);
        else if (!*g->text && !(g->rest && *g->rest))
                fputs("/ of the host", f);
        else
                fprintf(f, "%s%s of the host", g->text, g->rest ?: "");
        fputs(g->bits & PLACE_WRITE ? ", writable" : g->bits & PLACE_KEEP ? ", writable in memory" : ", read-only", f);
        if (g->bits & PLACE_KEEP && !(g->level == PLACE_HOST && g->bits & PLACE_WRITE)) {
                if (g->most[0] != UINT64_MAX)
                        say_size(f, g->most[0]);
                if (g->most[1] != UINT64_MAX)
                        fprintf(f, ", up to %" PRIu64 "%%", g->most[1]);
                if (g->most[2] != UINT64_MAX && g->level == PLACE_MEMORY)
                        fprintf(f, ", up to %" PRIu64 " inodes", g->most[2]);
        }
        fputs(g->bits & PLACE_EXECUTE ? "" : ", not executable", f);
        fputs(g->bits & PLACE_DEVICES ? ", with devices" : "", f);
        fputs(g->bits & PLACE_NAMED ? ", also where it holds secrets" : "", f);
        fputs(g->bits & PLACE_OPTIONAL ? ", if it exists" : "", f);
}

static void say_number(FILE *f, DirectiveId id, const Grain *g) {
        const Directive *d = &directive_table[id];
        const bool limit = d->type == &type_resource_limit;

        if (g->text)
                fputs("not set", f);
        else if (g->most[0] == UINT64_MAX && g->most[1] == UINT64_MAX)
                fputs("no limit", f);
        else if (!limit && g->most[0] == UINT64_MAX) {
                fputs("at most ", f);
                permit_write_share(f, g->most[1]);
        } else {
                fputs("at most ", f);
                if (d->type == &type_memory)
                        permit_write_memory(f, id, g, true);
                else
                        permit_write_number(f, d, g->most[0]);
                if (limit) {
                        fputc(':', f);
                        permit_write_number(f, d, g->most[1]);
                }
        }
}

static void say_rank(FILE *f, const Directive *d, const Grain *g) {
        bool unset;
        _cleanup_free_ char *word = g->text ? NULL : permit_rank_word(d, g->most[0], &unset);

        fputs(g->text ?: word ?: "not set", f);
}

static void say_text(FILE *f, const Grain *g) {
        const char *text = g->text && *g->text ? g->text : "not set";

        for (const char *c = text; *c; c++)
                fputs(*c == '\n' ? ", " : (const char[]) { *c, '\0' }, f);
}

static void say(FILE *f, DirectiveId id, const Grain *g) {
        static const char *const exec[] = { [EXEC_NO] = "not executable", [EXEC_YES] = "executable",
                                            [EXEC_READ_ONLY] = "executable if not writable" };
        const Directive *d = &directive_table[id];

        switch (d->order) {
        case ORDER_YES:
                fputs(g->level ? "no" : "yes", f);
                return;
        case ORDER_NO:
                fputs(!g->level ? "no" : g->text && *g->text ? g->text : "yes", f);
                return;
        case ORDER_RANK:
                say_rank(f, d, g);
                return;
        case ORDER_LESS:
        case ORDER_LESS_OWN:
        case ORDER_PER_DEVICE:
                say_number(f, id, g);
                return;
        case ORDER_NICE:
                fprintf(f, "%d", PERMIT_NICE_MAX - (int) g->most[0]);
                return;
        case ORDER_ROOT:
                fputs(g->text && *g->text ? g->text : g->most[0] ? "/" : "none", f);
                return;
        case ORDER_PLACES:
                say_place(f, g);
                return;
        case ORDER_EXEC:
                fputs(exec[g->level], f);
                return;
        case ORDER_DEVICES:
                fprintf(f, "%s%s%s%s", g->level && g->bits ? "" : "not allowed", g->level && g->bits & 1 ? "r" : "",
                        g->level && g->bits & 2 ? "w" : "", g->level && g->bits & 4 ? "m" : "");
                return;
        case ORDER_CREDENTIALS:
                fputs(g->level == PLACE_HOST ? g->text : g->level ? "a text of the policy" : "missing", f);
                return;
        case ORDER_GRANTS:
                fputs(!g->level ? "no place for grants" : g->bits ? "rw" : "ro", f);
                return;
        case ORDER_USER:
        case ORDER_STREAM:
        case ORDER_SAME:
                say_text(f, g);
                return;
        default:
                fputs(g->level ? "allowed" : "not allowed", f);
        }
}

char *permit_describe(DirectiveId id, const Grain *g) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        say(text.f, id, g);
        return text_finish(&text);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "plan/permit/read.h"
#include "plan/permit/words.h"
#include "plan/permit/write.h"
#include "plan/who/namespaces.h"
#include "policy/value/names.h"
#include "util/word.h"

/* Writes words in lines that are not too long. */
typedef struct Lines {
        PermitWriter *w;
        DirectiveId id;
        const char *prefix;
        size_t width; /* of the line; 0: none is begun */
} Lines;

enum { LINE_WIDTH = 110 };

static void add_word(Lines *lines, const char *word) {
        FILE *f = lines->w->sections[directive_table[lines->id].section].f;

        if (lines->width > 0 && lines->width + strlen(word) > LINE_WIDTH) {
                fputc('\n', f);
                lines->width = 0;
        }
        if (lines->width == 0) {
                fprintf(permit_line(lines->w, lines->id), "%s", lines->prefix);
                lines->width = strlen(directive_table[lines->id].name) + 1;
        } else
                fputc(' ', f);
        fputs(word, f);
        lines->width += strlen(word) + 1;
}

static void end_lines(Lines *lines) {
        if (lines->width > 0)
                fputc('\n', lines->w->sections[directive_table[lines->id].section].f);
        lines->width = 0;
}

static bool is_permitted(const PermitWriter *w, const char *call) {
        return facet_get(&w->permit->facets[D_SystemCallFilter], call).level > 0;
}

static bool is_in_group(const char *call, const SyscallGroup *group) {
        for (const SyscallMember *m = group->members; *m; m++)
                if (syscall_member_group(*m) ? is_in_group(call, syscall_member_group(*m))
                                             : streq(syscall_member_name(*m), call))
                        return true;
        return false;
}

/* Whether a list that allows has the call without naming it. */
static bool is_added(const PermitWriter *w, const char *call) {
        const Grain *users = &w->permit->facets[D_PrivateUsers].items[0];

        if (w->permit->facets[D_Nesting].items[0].level > 0 || (users->text && streq(users->text, "full")))
                return syscall_number(call) != SYSCALL_UNKNOWN;
        return is_in_group(call, syscall_group_find("@default"));
}

int permit_write_calls(PermitWriter *w, DirectiveId id) {
        Lines allowed = { w, id, "", 0 }, denied = { w, id, "~", 0 };

        for (const SyscallMember *m = syscall_group_find("@known")->members; *m; m++)
                if (is_permitted(w, syscall_member_name(*m)))
                        add_word(&allowed, syscall_member_name(*m));
        end_lines(&allowed);
        for (const SyscallMember *m = syscall_group_find("@known")->members; *m; m++)
                if (!is_permitted(w, syscall_member_name(*m)) && is_added(w, syscall_member_name(*m)))
                        add_word(&denied, syscall_member_name(*m));
        end_lines(&denied);
        return 0;
}

static void write_names(PermitWriter *w, DirectiveId id, uint64_t bits) {
        const bool open = bits >> 63; /* all that have no name are in the set, too */
        Lines lines = { w, id, open ? "~" : "", 0 };
        uint64_t left = open ? ~bits : bits;

        if (open && !left)
                fputs("~\n", permit_line(w, id));
        for (unsigned i = 0; i < 64; i++) {
                char buffer[CAPABILITY_NAME_MAX];
                const char *name = NULL;

                if (!(left & UINT64_C(1) << i))
                        continue;
                if (id != D_RestrictAddressFamilies)
                        name = capability_name(i, buffer);
                for (const NamedNumber *n = address_families; !name && n->name; n++)
                        name = n->number == (int) i ? n->name : NULL;
                add_word(&lines, name ?: "");
        }
        end_lines(&lines);
}

static void write_namespaces(PermitWriter *w, DirectiveId id, uint64_t bits) {
        Lines lines = { w, id, "", 0 };

        if (bits == 0 || bits == build_all_namespaces()) {
                fputs(bits ? "no\n" : "yes\n", permit_line(w, id));
                return;
        }
        for (const NamedNumber *n = namespace_types; n->name; n++)
                if (bits & (uint64_t) n->number)
                        add_word(&lines, n->name);
        end_lines(&lines);
}

int permit_write_bits(PermitWriter *w, DirectiveId id) {
        const uint64_t bits = w->permit->facets[id].items[0].bits;

        if (id == D_RestrictNamespaces)
                write_namespaces(w, id, bits);
        else if (bits || id == D_AmbientCapabilities)
                write_names(w, id, bits);
        else if (id == D_RestrictAddressFamilies)
                fputs("none\n", permit_line(w, id));
        else { /* an empty line would ask for the default, which can be all of them */
                fputs("CAP_CHOWN\n", permit_line(w, id));
                fputs("~CAP_CHOWN\n", permit_line(w, id));
        }
        return 0;
}

/* The index of the first key after this one. Keys are sorted, so those of the parts of a range follow the range's. */
static size_t find_after(const Facet *facet, const char *key) {
        size_t first = 0, end = facet->n;

        while (first < end) {
                size_t middle = first + (end - first) / 2;

                if (strcmp(facet->items[middle].key, key) > 0)
                        end = middle;
                else
                        first = middle + 1;
        }
        return first;
}

/* Halves a range as long as a part of it has an answer of its own. key has room for the longest; allowed is the answer
 * for the range around it. */
static void write_allowed(PermitWriter *w, char *key, bool allowed) {
        const Facet *facet = &w->permit->facets[D_IPAddressDeny];
        const size_t after = find_after(facet, key), n = strlen(key);
        _cleanup_free_ char *range = NULL;

        if (after > 0 && streq(facet->items[after - 1].key, key))
                allowed = facet->items[after - 1].level > 0;
        if (after < facet->n && startswith(facet->items[after].key, key)) {
                for (const char *half = "01"; *half; half++) {
                        key[n] = *half;
                        key[n + 1] = '\0';
                        write_allowed(w, key, allowed);
                }
                key[n] = '\0';
                return;
        }
        range = allowed ? permit_format_range(key) : NULL;
        if (range)
                fprintf(permit_line(w, D_IPAddressAllow), "%s\n", range);
}

int permit_write_addresses(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];
        bool all = true;

        for (size_t i = 0; i < facet->n; i++)
                all = all && facet->items[i].level;
        if (all)
                return 0;
        fputs("any\n", permit_line(w, id));
        for (const char *family = "46"; *family; family++) {
                char key[130] = { *family };

                write_allowed(w, key, true);
        }
        return 0;
}

int permit_write_devices(PermitWriter *w, DirectiveId id) {
        const Facet *facet = &w->permit->facets[id];
        const Grain standard = facet_get(facet, PERMIT_STANDARD_DEVICES);

        if (facet->other.level)
                return 0;
        fputs(standard.level && standard.bits == 7 ? "closed\n" : "strict\n", permit_line(w, D_DevicePolicy));
        for (size_t i = 0; i < facet->n; i++) {
                const Grain *g = &facet->items[i];
                FILE *f = g->level && g->bits && !streq(g->key, PERMIT_STANDARD_DEVICES) ? permit_line(w, id) : NULL;

                if (!f)
                        continue;
                word_write(f, g->key, WORD_PERCENT);
                fprintf(f, " %s%s%s\n", g->bits & 1 ? "r" : "", g->bits & 2 ? "w" : "", g->bits & 4 ? "m" : "");
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/exporter.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "util/escape.h"
#include "util/path.h"
#include "util/text.h"
#include "util/word.h"

void export_lacks(Exporter *e, Origin origin, const char *key, const char *fmt, ...) {
        _cleanup_free_ char *why = NULL, *line = NULL;
        const char *equals = directive_find(key) ? "=" : "";
        va_list ap;

        va_start(ap, fmt);
        why = formatv(fmt, ap);
        va_end(ap);
        line = why ? make_line(why, 4096) : NULL;
        if (!line) {
                e->oom = true;
                return;
        }
        fprintf(e->lacking, "# not enforced by systemd: %s%s (%s)\n", key, equals, line);
        report_notice_at(e->report, origin, NULL, "not enforced by systemd: %s%s: %s", key, equals, why);
}

FILE *export_stream(Exporter *e, Origin origin) {
        _cleanup_free_ char *where = NULL, *line = NULL;

        if (!origin.file)
                return e->builtin;
        where = origin_format(origin);
        line = where ? make_line(where, 4096) : NULL;
        if (!line)
                e->oom = true;
        fprintf(e->asked, "# %s\n", line ?: "");
        return e->asked;
}

static bool check_characters(Exporter *e, Origin origin, const char *key, const char *text) {
        for (const char *p = text; *p; p++)
                if (iscntrl((unsigned char) *p)) {
                        e->failed = true;
                        report_error_at(e->report, origin, key, EINVAL,
                                        "cannot be exported: systemd allows no control characters here: \"%s\"", text);
                        return false;
                }
        return true;
}

bool export_has_empty_root(const Exporter *e) {
        return policy_get(e->policy, D_RootDirectory)->value.number == ROOT_NONE;
}

bool export_is_in_memory(const Exporter *e, const char *path) {
        const PlanMount *nearest = NULL;

        for (size_t i = 0; i < e->plan->n_mounts; i++) {
                const PlanMount *m = &e->plan->mounts[i];

                if (m->kind != MOUNT_DIRECTORY && path_is_below(path, m->destination) &&
                    (!nearest || path_is_below(m->destination, nearest->destination)))
                        nearest = m;
        }
        return nearest && (nearest->kind == MOUNT_TMPFS || (nearest->kind == MOUNT_ROOT && export_has_empty_root(e)));
}

void export_word(Exporter *e, FILE *f, Origin origin, const char *key, const char *word) {
        if (check_characters(e, origin, key, word))
                word_write(f, word, WORD_PERCENT);
}

void export_rest(Exporter *e, FILE *f, Origin origin, const char *key, const char *text) {
        if (check_characters(e, origin, key, text))
                percent_write(f, text);
}

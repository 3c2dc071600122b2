/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/writer.h"

#include "plan/record/setting.h"
#include "util/escape.h"

const SettingList *writer_settings(const Writer *w, DirectiveId id) {
        return &w->plan->source->settings[id];
}

/* A default is not written. */
bool writer_is_given(const Setting *s) {
        return s->origin.file && !setting_is_permissive(s);
}

void writer_count(const Writer *w, const RecordCount *c) {
        if (c->times == 1)
                fputs("once", w->f);
        else
                fprintf(w->f, "%ju times", (uintmax_t) c->times);
        if (!*c->program)
                return;
        fputs(c->others ? ", first by " : ", by ", w->f);
        escape_write(w->f, c->program);
}

/* "# read and executed 12 times, by sh" */
void writer_uses(const Writer *w, unsigned uses, const RecordCount *c) {
        static const struct {
                unsigned use;
                const char *word;
        } words[] = {
                { USED_WRITE, "written" }, { USED_READ, "read" }, { USED_EXECUTE, "executed" },
                { USED_CONNECT, "connected to" }, { USED_LOOK, "looked at" },
        };
        const char *before = "# ";

        if (c->times == 0) {
                fputs("# most programs need it\n", w->f);
                return;
        }
        if (uses & ~(unsigned) USED_LOOK)
                uses &= ~(unsigned) USED_LOOK;
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (uses & words[i].use) {
                        fprintf(w->f, "%s%s", before, words[i].word);
                        before = " and ";
                }
        fputs(*before == '#' ? before : " ", w->f);
        writer_count(w, c);
        fputc('\n', w->f);
}

/* Paths that the policy hides need not be in the new root. */
void writer_take_over(const Writer *w, DirectiveId id) {
        const bool optional = w->host_root &&
                              (id == D_InaccessiblePaths || id == D_ReadOnlyPaths || id == D_NoExecPaths ||
                               id == D_ExecPaths || id == D_WorkingDirectory);

        const SettingList *list = writer_settings(w, id);

        for (size_t i = 0; i < list->n; i++)
                if (writer_is_given(&list->items[i]) && !setting_is_repeated(id, list, i))
                        setting_write(w->f, id, &list->items[i], optional);
}

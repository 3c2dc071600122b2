/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/setting.h"

#include <ctype.h>

#include "util/text.h"
#include "util/word.h"

bool setting_is_permissive(const Setting *s) {
        return s->origin.file && s->origin.line > 0 && streq(s->origin.file, SETTING_PERMISSIVE);
}

bool policy_is_permissive(const Policy *policy) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                for (size_t i = 0; i < policy->settings[id].n; i++)
                        if (setting_is_permissive(&policy->settings[id].items[i]))
                                return true;
        return false;
}

/* Writes KEY:TEXT from the words: Value.text has only the key, or it has specifiers that are not expanded. */
static void write_pair(FILE *f, const Value *v) {
        literal_write(f, v->words[0], true);
        fputc(':', f);
        literal_write(f, v->words[1], false);
}

void setting_write(FILE *f, DirectiveId id, const Setting *s, bool optional) {
        const Directive *d = &directive_table[id];
        const Value *v = &s->value;

        fprintf(f, "%s=%s%s", d->name, v->inverted ? "~" : "", v->optional || optional ? "-" : "");
        if (id == D_SetCredential || id == D_File)
                write_pair(f, v);
        else if (d->section == SECTION_SCOPE || id == D_ExecStart)
                fputs(v->text, f); /* as it was written */
        else if (id == D_LoadCredential)
                percent_write(f, v->text);
        else if (d->list && (*v->text || v->inverted))
                word_write(f, v->text, WORD_PERCENT);
        else
                percent_write(f, *v->text ? v->text : "none");
        if (id == D_GrantPaths && !(v->number & BIND_READ_ONLY))
                fputs(":rw", f); /* the text is only the path */
        fputc('\n', f);
}

bool setting_can_have_path(const char *path) {
        for (; *path; path++)
                if (iscntrl((unsigned char) *path) || strchr("\\'\"", *path))
                        return false;
        return true;
}

void setting_write_path(FILE *f, const char *path) {
        _cleanup_text_ Text text = {};

        for (; *path; path++) {
                if (*path == ':')
                        text_add_char(&text, '\\');
                text_add_char(&text, *path);
        }
        word_write(f, text_so_far(&text) ?: "", WORD_PERCENT);
}

bool setting_is_repeated(DirectiveId id, const SettingList *list, size_t n) {
        const Value *v = &list->items[n].value;

        if (id == D_SetCredential) /* the text is only its name */
                return false;
        for (size_t i = 0; i < n; i++) {
                const Value *before = &list->items[i].value;

                if (streq(before->text, v->text) && before->inverted == v->inverted && before->optional == v->optional)
                        return true;
        }
        return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/strv.h"

void output_section(Output *out, const char *name) {
        out->printer->section(out->userdata, name);
}

/* Whose line it is, where the policy is made of two. */
static const char *side_of(const Output *out, const Origin *origin) {
        if (!out->policy->program_files || !origin || !origin->file)
                return NULL;
        if (origin->line == 0) /* of the command line */
                return NULL;
        return strv_contains(out->policy->program_files, origin->file) ? "program" : "administrator";
}

void output_entry(Output *out, const char *key, const Origin *origin, const char *fmt, ...) {
        _cleanup_free_ char *text = NULL;
        char brief[256]; /* most entries fit */
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vsnprintf(brief, sizeof(brief), fmt, ap);
        va_end(ap);
        if (n >= (int) sizeof(brief)) {
                va_start(ap, fmt);
                text = formatv(fmt, ap);
                va_end(ap);
        }
        if (n >= 0 && (text || n < (int) sizeof(brief)))
                out->printer->entry(out->userdata, key, text ?: brief, origin, side_of(out, origin));
        else
                out->oom = true;
}

Text *output_begin(Output *out) {
        out->text.size = 0;
        text_add(&out->text, "");
        return &out->text;
}

void output_end(Output *out, const char *key, const Origin *origin) {
        if (out->text.failed)
                out->oom = true;
        else
                out->printer->entry(out->userdata, key, out->text.bytes, origin, side_of(out, origin));
}

void output_end_words(Output *out, const char *key, const Origin *origin) {
        if (out->text.size == 0)
                text_add(&out->text, "none");
        output_end(out, key, origin);
}

void output_add_word(Output *out, const char *word) {
        if (out->text.size > 0)
                text_add_char(&out->text, ' ');
        text_add(&out->text, word);
}

void output_joined(Output *out, const char *key, const Origin *origin, const char *const *strings) {
        Text *text = output_begin(out);

        for (; *strings; strings++)
                text_add(text, *strings);
        output_end(out, key, origin);
}

const Origin *output_origin_of(const Output *out, DirectiveId id) {
        const Setting *s = policy_get(out->policy, id);

        return s ? &s->origin : NULL;
}

int output_finish(Output *out) {
        text_deinit(&out->text);
        return out->oom ? -ENOMEM : 0;
}

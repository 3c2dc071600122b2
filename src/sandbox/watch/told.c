/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/told.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "plan/why/kept.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

char *told_format(const Told *t) {
        const WhyAnswer *a = &t->answer;
        char times[32] = "";

        if (t->count > 1)
                snprintf(times, sizeof(times), " (%" PRIu32 " times)", t->count);
        return format("%s%s%s: %s%s – %s%s%s", t->call, *t->object ? " " : "", t->object,
                      strerrorname_np(a->error) ?: "no error", times, t->reason, a->allow ? " – to allow: -p " : "",
                      a->allow ?: "");
}

void told_write(const Told *t, FILE *f) {
        fputs("denied ", f);
        word_write(f, t->call, 0);
        putc(' ', f);
        word_write(f, t->object, 0);
        fprintf(f, " %" PRIu32 " ", t->count);
        word_write(f, t->reason, 0);
        putc('\n', f);
        why_answer_write(&t->answer, f);
}

void told_write_remark(const char *text, FILE *f) {
        fputs("remark ", f);
        word_write(f, text, 0);
        putc('\n', f);
}

enum { KIND, CALL, OBJECT, COUNT, REASON, FIELDS };

static int read_told(char *const *words, char **text, Told *t) {
        const char *answer = strsep(text, "\n");
        uint64_t count;

        if (!answer || parse_u64_range(words[COUNT], 1, UINT32_MAX, &count) < 0)
                return -EPROTO;
        *t = (Told) { .call = words[CALL], .object = words[OBJECT], .count = (uint32_t) count,
                      .reason = words[REASON] };
        return why_answer_parse(answer, &t->answer);
}

static int read_words(char *const *words, char **text, ToldLine *l) {
        const size_t n = strv_length(words);

        if (n == 2 && streq(words[KIND], "remark")) {
                l->is_remark = true;
                l->told.reason = words[1];
                return 0;
        }
        return n == FIELDS && streq(words[KIND], "denied") ? read_told(words, text, &l->told) : -EPROTO;
}

int told_parse(char **text, ToldLine *ret) {
        const char *line = *text && **text ? strsep(text, "\n") : NULL;
        ToldLine l = {};
        int r;

        if (!line)
                return 0;
        r = word_split(line, &l.words);
        if (r >= 0)
                r = read_words(l.words, text, &l);
        if (r < 0) {
                told_line_deinit(&l);
                return r == -ENOMEM ? r : -EPROTO;
        }
        *ret = l;
        return 1;
}

void told_line_deinit(ToldLine *l) {
        why_answer_deinit(&l->told.answer);
        strv_free(l->words);
        l->words = NULL;
}

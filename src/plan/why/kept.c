/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/why/kept.h"

#include <errno.h>

#include "plan/why/why.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/word.h"

enum { VERDICT, ERROR, MECHANISM, FILE_NAME, LINE, TEXT, ALLOW, OPENS, FIELDS };

void why_answer_write(const WhyAnswer *a, FILE *f) {
        fprintf(f, "%s %d %s ", why_verdicts[a->verdict], a->error, why_mechanisms[a->mechanism]);
        word_write(f, a->has_origin ? a->origin.file : "", 0);
        fprintf(f, " %u ", a->has_origin ? a->origin.line : 0);
        word_write(f, a->text, 0);
        putc(' ', f);
        word_write(f, a->allow ?: "", 0);
        putc(' ', f);
        word_write(f, a->opens ?: "", 0);
        putc('\n', f);
}

/* The index of a word in a table that ends with NULL, or -EPROTO. */
static int find(const char *const *table, const char *word) {
        for (int i = 0; table[i]; i++)
                if (streq(table[i], word))
                        return i;
        return -EPROTO;
}

static int read_fields(char **words, WhyAnswer *a) {
        int verdict = find(why_verdicts, words[VERDICT]), mechanism = find(why_mechanisms, words[MECHANISM]);
        uint64_t error, line;

        if (verdict < 0 || mechanism < 0 || parse_u64_range(words[ERROR], 0, ERRNO_MAX, &error) < 0 ||
            (error && !strerrorname_np((int) error)) || parse_u64_range(words[LINE], 0, UINT32_MAX, &line) < 0)
                return -EPROTO;
        a->verdict = (WhyVerdict) verdict;
        a->mechanism = (WhyMechanism) mechanism;
        a->error = (int) error;
        a->has_origin = *words[FILE_NAME];
        a->origin = (Origin) { .file = words[FILE_NAME], .line = (unsigned) line };
        a->opens = *words[OPENS] ? words[OPENS] : NULL;
        a->text = strdup(words[TEXT]);
        if (*words[ALLOW])
                a->allow = strdup(words[ALLOW]);
        return a->text && (a->allow || !*words[ALLOW]) ? 0 : -ENOMEM;
}

int why_answer_parse(const char *line, WhyAnswer *ret) {
        WhyAnswer a = {};
        int r = word_split(line, &a.words);

        if (r >= 0)
                r = strv_length(a.words) == FIELDS ? read_fields(a.words, &a) : -EPROTO;
        if (r < 0) {
                why_answer_deinit(&a);
                return r == -ENOMEM ? r : -EPROTO;
        }
        *ret = a;
        return 0;
}

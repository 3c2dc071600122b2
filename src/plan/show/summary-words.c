/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/summary.h"
#include "util/word.h"

static void write_word(FILE *f, const char *word) {
        fputc(' ', f);
        word_write(f, word, 0);
}

static void write_part(FILE *f, const SummaryPart *part) {
        fputs("part", f);
        write_word(f, part->name);
        fputs(part->is_word ? " text" : " list", f);
        for (char **w = part->words; w && *w; w++)
                write_word(f, *w);
        fputc('\n', f);
}

static void write_origin(FILE *f, Origin origin) {
        fprintf(f, "origin %u", origin.line);
        if (origin.file)
                write_word(f, origin.file);
        fputc('\n', f);
}

void summary_write(const Summary *summary, FILE *f) {
        for (size_t i = 0; i < summary->n_lines; i++) {
                const SummaryLine *line = &summary->lines[i];

                fputs("line", f);
                write_word(f, line->key);
                fputc('\n', f);
                for (size_t k = 0; k < line->n_parts; k++)
                        write_part(f, &line->parts[k]);
                for (size_t k = 0; k < line->n_origins; k++)
                        write_origin(f, line->origins[k]);
        }
}

int plan_write_summary(const Plan *plan, const Policy *policy, FILE *f) {
        _cleanup_(summary_deinit) Summary summary = {};
        int r = plan_summarize(plan, policy, &summary);

        if (r >= 0)
                summary_write(&summary, f);
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/show/summary-line.h"

#include <errno.h>
#include <stdio.h>

#include "plan/show/calls.h"
#include "util/array.h"
#include "util/escape.h"
#include "util/strv.h"
#include "util/text.h"

enum {
        BRIEF_WORDS = 6,
        NEAR_ORIGINS = 8, /* an origin is not repeated within so many */
        MOST_ORIGINS = 12, /* so many are printed */
};

SummaryLine *summary_add_line(Summary *summary, const char *key) {
        SummaryLine *line = ARRAY_APPEND(summary->lines, summary->n_lines);

        if (line)
                line->key = key;
        return line;
}

void summary_add_origin(SummaryLine *line, Origin origin) {
        Origin *slot;

        if (!origin.file || line->failed)
                return;
        for (size_t i = line->n_origins; i > 0 && i + NEAR_ORIGINS > line->n_origins; i--)
                if (origin_equal(line->origins[i - 1], origin))
                        return;
        slot = ARRAY_APPEND(line->origins, line->n_origins);
        if (slot)
                *slot = origin;
        else
                line->failed = true;
}

void summary_add_word(SummaryLine *line, char *word) {
        if (strv_consume(&line->parts[line->n_parts - 1].words, word) < 0)
                line->failed = true;
}

void summary_add_part(SummaryLine *line, const char *name, const char *label) {
        line->parts[line->n_parts++] = (SummaryPart) { .name = name, .label = label };
}

void summary_add_fact(SummaryLine *line, const char *name, const char *word, const char *label) {
        summary_add_part(line, name, label);
        line->parts[line->n_parts - 1].is_word = true;
        summary_add_word(line, strdup(word));
}

void summary_add_places(SummaryLine *line, const char *name, const char *label) {
        summary_add_part(line, name, label);
        line->parts[line->n_parts - 1].brief = true;
}

void summary_add_memory(SummaryLine *line) {
        summary_add_places(line, "memory", line->n_parts ? "; in memory, lost at the end:"
                                                         : "in memory, lost at the end:");
}

void summary_add_ids(SummaryLine *line, uid_t uid, gid_t gid) {
        summary_add_part(line, "uid", "uid");
        summary_add_word(line, format("%u", uid));
        summary_add_part(line, "gid", "gid");
        summary_add_word(line, format("%u", gid));
}

void summary_add_none(SummaryLine *line, const char *label) {
        if (line->n_parts == 0)
                summary_add_fact(line, "kind", "none", label);
}

void summary_end_part(SummaryLine *line) {
        if (!line->parts[line->n_parts - 1].words)
                line->n_parts--;
}

void summary_deinit(Summary *summary) {
        for (size_t i = 0; i < summary->n_lines; i++) {
                SummaryLine *line = &summary->lines[i];

                for (size_t k = 0; k < line->n_parts; k++)
                        strv_free(line->parts[k].words);
                free(line->origins);
        }
        free(summary->lines);
        *summary = (Summary) {};
}

static void print_part(const SummaryPart *part, bool first, Text *text) {
        const size_t all = strv_length(part->words), n = part->brief && all > BRIEF_WORDS + 1 ? BRIEF_WORDS : all;

        if (!first && *part->label != ';' && *part->label != ',')
                text_add(text, " ");
        text_add(text, part->label);
        if (part->is_word || part->is_told)
                return;
        if (part->calls) {
                calls_add_brief(part->words, text);
                return;
        }
        for (size_t i = 0; i < n; i++) {
                text_add(text, i > 0 || *part->label ? " " : "");
                text_add(text, part->words[i]);
        }
        if (n < all) {
                _cleanup_free_ char *more = format(" and %zu more", all - n);

                text_add(text, more ?: "");
                text->failed |= !more;
        }
}

/* "web.conf:12,15, -p": a file's name only once if its lines follow each other. */
static void print_origins(const SummaryLine *line, Text *text) {
        for (size_t i = 0; i < line->n_origins && i < MOST_ORIGINS; i++) {
                const Origin origin = line->origins[i];
                char number[16];

                if (i > 0 && origin.line > 0 && streq(line->origins[i - 1].file, origin.file)) {
                        snprintf(number, sizeof(number), ",%u", origin.line);
                        text_add(text, number);
                        continue;
                }
                text_add(text, i == 0 ? "   # " : ", ");
                origin_add(text, origin);
        }
        text_add(text, line->n_origins > MOST_ORIGINS ? " and more" : "");
}

int summary_print(const Summary *summary, FILE *f) {
        for (size_t i = 0; i < summary->n_lines; i++) {
                const SummaryLine *line = &summary->lines[i];
                _cleanup_text_ Text text = {};
                const char *all;

                for (size_t k = 0; k < line->n_parts; k++)
                        print_part(&line->parts[k], k == 0, &text);
                print_origins(line, &text);
                all = text_so_far(&text);
                if (!all)
                        return -ENOMEM;
                fprintf(f, "%-8s ", line->key);
                escape_write(f, all);
                fputc('\n', f);
        }
        return 0;
}

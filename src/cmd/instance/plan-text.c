/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/plan-text.h"

#include <stdio.h>

#include "cmd/instance/talk.h"
#include "util/escape.h"

int plan_text_print(const Instance *i, PlanForm form, Report *report) {
        static const ControlType questions[] = { [FORM_SUMMARY] = CONTROL_SUMMARY, [FORM_TREE] = CONTROL_TREE,
                                                 [FORM_WHOLE] = CONTROL_PLAN };
        _cleanup_free_ char *text = NULL;
        int r;

        r = talk_ask(i, questions[form], &text, NULL, 0, NULL, report);
        if (r < 0)
                return r;
        for (char *line = text, *next; *line; line = next) {
                size_t n = strcspn(line, "\n");

                next = line + n + (line[n] == '\n');
                line[n] = '\0';
                escape_write(stdout, line);
                putchar('\n');
        }
        return 0;
}

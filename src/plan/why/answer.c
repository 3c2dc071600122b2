/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/why/answer.h"

#include <errno.h>

#include "util/strv.h"
#include "util/text.h"

const char why_opens_abstract[] = "the host's abstract sockets, such as those of X11 and of some D-Bus buses";

void why_answer_deinit(WhyAnswer *answer) {
        free(answer->text);
        free(answer->allow);
        strv_free(answer->words);
        *answer = (WhyAnswer) {};
}

static int answer(WhyAnswer *a, WhyVerdict verdict, const char *fmt, va_list ap) _printf_(3, 0);
static int answer(WhyAnswer *a, WhyVerdict verdict, const char *fmt, va_list ap) {
        a->verdict = verdict;
        a->text = formatv(fmt, ap);
        return a->text ? 0 : -ENOMEM;
}

int answer_allowed(WhyAnswer *a, const char *fmt, ...) {
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = answer(a, WHY_ALLOWED, fmt, ap);
        va_end(ap);
        return r;
}

int answer_depends(WhyAnswer *a, const char *fmt, ...) {
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = answer(a, WHY_DEPENDS, fmt, ap);
        va_end(ap);
        return r;
}

int answer_denied(WhyAnswer *a, int error, WhyMechanism mechanism, const char *fmt, ...) {
        va_list ap;
        int r;

        a->error = error;
        a->mechanism = mechanism;
        va_start(ap, fmt);
        r = answer(a, WHY_DENIED, fmt, ap);
        va_end(ap);
        return r;
}

void answer_origin(WhyAnswer *a, Origin origin) {
        a->has_origin = origin.file;
        a->origin = origin;
}

void answer_directive(WhyAnswer *a, const Plan *plan, DirectiveId id) {
        const SettingList *list = &plan->source->settings[id];

        if (list->n > 0)
                answer_origin(a, list->items[list->n - 1].origin);
}

int answer_allow(WhyAnswer *a, const char *opens, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        a->allow = formatv(fmt, ap);
        va_end(ap);
        a->opens = opens;
        return a->allow ? 0 : -ENOMEM;
}

uint64_t why_capabilities(const Plan *plan) {
        return plan->ambient | (plan->uid == 0 ? plan->bounding : 0);
}

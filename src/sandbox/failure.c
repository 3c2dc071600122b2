/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/failure.h"

#include <stdio.h>

#include "plan/plan.h"

static int keep(Failure *f, Origin origin, const char *key, int error, const char *format, va_list ap) {
        Message *m = &f->message;
        int n;

        *m = (Message) { .type = MESSAGE_FAILED, .value = error, .status = PLAN_FAILED, .origin = origin, .key = key };
        n = vsnprintf(m->text, sizeof(m->text), format, ap);
        if (n >= 0 && (size_t) n < sizeof(m->text))
                snprintf(m->text + n, sizeof(m->text) - (size_t) n, ": %s", strerror(error));
        return -error;
}

int fail_at(Failure *f, Origin origin, const char *key, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = keep(f, origin, key, error, format, ap);
        va_end(ap);
        return r;
}

int fail(Failure *f, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = keep(f, (Origin) {}, NULL, error, format, ap);
        va_end(ap);
        return r;
}

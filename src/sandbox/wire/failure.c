/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/wire/failure.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "plan/plan.h"

const char *failure_hint(int error) {
        if (error == ENOSPC)
                return " (the kernel limits the number of namespaces and mounts, and how deep namespaces are nested)";
        if ((error == EPERM || error == EACCES || error == ENOSYS || error == EROFS) &&
            prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER)
                return " (a unit around isorun must not have RestrictNamespaces=; inside another sandbox, the policy "
                       "of that sandbox needs Nesting=yes, without RestrictNamespaces=)";
        return "";
}

const char *failure_socket_hint(int error) {
        return error == EAFNOSUPPORT ? " (a unit around isorun needs AF_UNIX and AF_INET in its "
                                       "RestrictAddressFamilies=)"
                                     : "";
}

static _printf_(4, 0) int keep(Failure *f, Subject subject, int error, const char *format, va_list ap) {
        Message *m = &f->message;
        int n;

        *m = (Message) { .type = MESSAGE_FAILED, .value = error, .status = PLAN_FAILED, .subject = subject };
        n = vsnprintf(m->text, sizeof(m->text), format, ap);
        if (n >= 0 && (size_t) n < sizeof(m->text))
                snprintf(m->text + n, sizeof(m->text) - (size_t) n, ": %s", strerror(error));
        return -error;
}

int fail_at(Failure *f, Subject subject, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = keep(f, subject, error, format, ap);
        va_end(ap);
        return r;
}

int fail(Failure *f, int error, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = keep(f, (Subject) {}, error, format, ap);
        va_end(ap);
        return r;
}

int failure_take(const Failure *shared, Failure *ret) {
        Failure copy = *shared;

        if (copy.message.type != MESSAGE_FAILED)
                return 0;
        if (message_check(&copy.message, MESSAGE_TO_ISORUN, 0) < 0)
                return fail(ret, EPROTO, "another process of isorun failed, and its error message is invalid");
        *ret = copy;
        return -copy.message.value;
}

Failure *failure_share(void) {
        void *p = mmap(NULL, sizeof(Failure), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        return p == MAP_FAILED ? NULL : p;
}

Failure *failure_unshare(Failure *f) {
        if (f)
                munmap(f, sizeof(*f));
        return NULL;
}

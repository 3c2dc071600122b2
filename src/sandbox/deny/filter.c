/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/deny/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "plan/deny/notify.h"
#include "plan/deny/watch.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/library.h"

#define SECCOMP_FUNCTIONS(X)            \
        X(seccomp_init)                 \
        X(seccomp_release)              \
        X(seccomp_arch_add)             \
        X(seccomp_attr_set)             \
        X(seccomp_syscall_resolve_name) \
        X(seccomp_rule_add_array)       \
        X(seccomp_export_bpf)

typedef struct SeccompLibrary {
        SECCOMP_FUNCTIONS(LIBRARY_POINTER)
} SeccompLibrary;

LIBRARY_NOTE(seccomp, "architectures", "System calls of other architectures (SystemCallArchitectures=)", "suggested",
             "libseccomp.so.2");

static int load(SeccompLibrary *ret) {
        static const char *const names[] = { SECCOMP_FUNCTIONS(LIBRARY_NAME) };

        return library_load("libseccomp.so.2", names, ELEMENTSOF(names), ret);
}

void filter_deinit(Filter *filter) {
        free(filter->code);
        free(filter->more_code);
        *filter = (Filter) {};
}

static int begin(const SeccompLibrary *lib, const Plan *plan, uint32_t default_action, scmp_filter_ctx *ret) {
        scmp_filter_ctx filter = lib->seccomp_init(default_action);
        int r = 0;

        if (!filter)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < plan->n_architectures; i++)
                r = lib->seccomp_arch_add(filter, plan->architectures[i]);
        /* A system call of an architecture that is not in the filter kills the process, as under systemd. */
        if (r >= 0)
                r = lib->seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        if (r < 0) {
                lib->seccomp_release(filter);
                return r;
        }
        *ret = filter;
        return 0;
}

static int add_rule(const SeccompLibrary *lib, scmp_filter_ctx filter, uint32_t action, const char *call,
                    const struct scmp_arg_cmp *tests, unsigned n) {
        int r = lib->seccomp_rule_add_array(filter, action, lib->seccomp_syscall_resolve_name(call), n, tests);

        /* -EDOM: the call exists on none of the filter's architectures. */
        return r == -EDOM ? 0 : r;
}

/* A call without a rule returns ENOSYS, as in program_make(). */
static int add_calls(const SeccompLibrary *lib, const Plan *plan, scmp_filter_ctx filter) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_calls; i++) {
                const PlanCall *c = &plan->calls[i];

                if (c->error == ENOSYS)
                        continue;
                r = add_rule(lib, filter, c->error ? SCMP_ACT_ERRNO((unsigned) c->error) : SCMP_ACT_ALLOW, c->name,
                             NULL, 0);
        }
        return r;
}

static struct scmp_arg_cmp comparison(const PlanArgumentRule *rule) {
        static const enum scmp_compare operators[] = {
                [ARGUMENT_MASKED_EQUAL] = SCMP_CMP_MASKED_EQ, [ARGUMENT_EQUAL] = SCMP_CMP_EQ,
                [ARGUMENT_NOT_EQUAL] = SCMP_CMP_NE,           [ARGUMENT_LESS] = SCMP_CMP_LT,
                [ARGUMENT_GREATER] = SCMP_CMP_GT,
        };
        bool masked = rule->test == ARGUMENT_MASKED_EQUAL;

        return (struct scmp_arg_cmp) {
                .arg = rule->argument,
                .op = operators[rule->test],
                .datum_a = masked ? rule->mask : rule->value,
                .datum_b = masked ? rule->value : 0,
        };
}

static int add_argument_rules(const SeccompLibrary *lib, const Plan *plan, scmp_filter_ctx filter) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_argument_rules; i++) {
                const PlanArgumentRule *rule = &plan->argument_rules[i];
                struct scmp_arg_cmp tests[3] = {};
                unsigned n = 0;

                if (rule->test != ARGUMENT_ANY)
                        tests[n++] = comparison(rule);
                if (rule->flags)
                        tests[n++] = (struct scmp_arg_cmp) { .arg = rule->flags_argument, .op = SCMP_CMP_MASKED_EQ,
                                                             .datum_a = rule->flags, .datum_b = rule->flags };
                if (rule->set_argument)
                        tests[n++] = (struct scmp_arg_cmp) { .arg = rule->set_argument, .op = SCMP_CMP_NE };
                r = add_rule(lib, filter, SCMP_ACT_ERRNO((unsigned) rule->error), rule->name, tests, n);
        }
        return r;
}

/* Appends the program in a memfd to the filter. */
static int append(Filter *filter, int fd) {
        const off_t size = lseek(fd, 0, SEEK_END);
        size_t used = 0, n;
        struct sock_filter *code;

        if (size < 0)
                return -errno;
        for (unsigned i = 0; i < filter->n; i++)
                used += filter->programs[i].len;
        n = (size_t) size / sizeof(*code);
        if (n > BPF_MAXINSNS)
                return -E2BIG;
        code = reallocarray(filter->code, used + n, sizeof(*code));
        if (!code)
                return -ENOMEM;
        filter->code = code;
        filter->programs[filter->n++].len = (unsigned short) n;
        return pread(fd, code + used, n * sizeof(*code), 0) == size ? 0 : -EIO;
}

/* Compiles one program, and appends it. */
static int compile(const SeccompLibrary *lib, const Plan *plan, uint32_t default_action,
                   int (*add)(const SeccompLibrary *, const Plan *, scmp_filter_ctx), Filter *filter) {
        _cleanup_close_ int fd = memfd_create("isorun-filter", MFD_CLOEXEC);
        scmp_filter_ctx context;
        int r;

        if (fd < 0)
                return -errno;
        r = begin(lib, plan, default_action, &context);
        if (r < 0)
                return r;
        r = add(lib, plan, context);
        if (r >= 0)
                r = lib->seccomp_export_bpf(context, fd);
        lib->seccomp_release(context);
        return r < 0 ? r : append(filter, fd);
}

/* The program that tests arguments is first, because the other one may deny seccomp(2). */
int filter_compile(const Plan *plan, Filter *ret) {
        Filter filter = {};
        SeccompLibrary lib;
        int r;

        r = load(&lib);
        if (r >= 0)
                r = compile(&lib, plan, SCMP_ACT_ALLOW, add_argument_rules, &filter);
        if (r >= 0)
                r = compile(&lib, plan, SCMP_ACT_ERRNO(ENOSYS), add_calls, &filter);
        if (r < 0) {
                filter_deinit(&filter);
                return r;
        }
        filter.programs[0].filter = filter.code;
        filter.programs[1].filter = filter.code + filter.programs[0].len;
        *ret = filter;
        return 0;
}

int filter_get(const Plan *plan, Filter *ret, Report *report) {
        int r;

        if (plan->program) {
                *ret = (Filter) { .programs[0] = { (unsigned short) plan->n_program, plan->program }, .n = 1 };
                return 0;
        }
        r = filter_compile(plan, ret);
        if (r == -ENOENT || r == -ENOSYS)
                return report_error_at(report, policy_get(plan->source, D_SystemCallArchitectures)->origin,
                                       "SystemCallArchitectures", -r,
                                       "a filter for other architectures than this machine's needs libseccomp.so.2%s",
                                       library_advice());
        return r < 0 ? report_error(report, -r, "cannot compile the system call filter: %s", strerror(-r)) : 0;
}

int filter_get_watching(const Plan *plan, Filter *ret) {
        Filter filter = { .n = 2 };
        int r = watch_programs(plan, filter.programs);

        if (r < 0)
                return r;
        filter.code = filter.programs[0].filter;
        filter.more_code = filter.programs[1].filter;
        *ret = filter;
        return 0;
}

int filter_get_logging(const Plan *plan, Filter *ret) {
        Filter filter = {};
        int r = notify_programs(plan, filter.programs);

        if (r < 0)
                return r;
        filter.n = (unsigned) r;
        filter.code = filter.programs[0].filter;
        filter.more_code = filter.programs[1].filter;
        *ret = filter;
        return 0;
}

/* The flag, of Linux 5.19: a call that the listener has taken is not interrupted by signals. */
int filter_install_listening(const Filter *filter) {
        const unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
        int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                            &filter->programs[0]);

        if (r < 0 && errno == EINVAL)
                r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &filter->programs[0]);
        return r < 0 ? -errno : r;
}

int filter_install(const Filter *filter, unsigned i, unsigned flags) {
        int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &filter->programs[i]);

        if (r > 0)
                return -EBUSY;
        return r < 0 ? -errno : 0;
}

int filter_install_all(const Filter *filter) {
        int r = 0;

        for (unsigned i = 0; r >= 0 && i < filter->n; i++)
                r = filter_install(filter, i, 0);
        return r;
}

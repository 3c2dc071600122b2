/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/deny/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "util/fd.h"
#include "util/kernel.h"

static void releasep(scmp_filter_ctx *filter) {
        if (*filter)
                seccomp_release(*filter);
}

static int begin(const Plan *plan, uint32_t default_action, scmp_filter_ctx *ret) {
        scmp_filter_ctx filter = seccomp_init(default_action);
        int r = 0;

        if (!filter)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < plan->n_architectures; i++)
                r = seccomp_arch_add(filter, plan->architectures[i]);
        /* A system call of an architecture that is not in the filter kills the process, as under systemd. */
        if (r >= 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        if (r < 0) {
                seccomp_release(filter);
                return r;
        }
        *ret = filter;
        return 0;
}

/* The memfd is sealed because the reaper keeps it for processes that enter later. A process inside may be allowed to
 * trace such a process, and can then reach its fds for a moment: execve(2) puts the new program in place before it
 * closes the fds. */
static int finish(scmp_filter_ctx filter, int *ret) {
        _cleanup_close_ int fd = memfd_create("isorun-filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int r;

        if (fd < 0)
                return -errno;
        r = seccomp_export_bpf(filter, fd);
        if (r < 0)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *call, const struct scmp_arg_cmp *tests,
                    unsigned n) {
        int r = seccomp_rule_add_array(filter, action, seccomp_syscall_resolve_name(call), n, tests);

        /* -EDOM: the call exists on none of the filter's architectures. */
        return r == -EDOM ? 0 : r;
}

/* A system call that neither systemd nor libseccomp knew at build time returns ENOSYS, as on a kernel that does not
 * have it. libc then uses the older call. */
static int compile_calls(const Plan *plan, int *ret) {
        _cleanup_(releasep) scmp_filter_ctx filter = NULL;
        int r;

        r = begin(plan, SCMP_ACT_ERRNO(ENOSYS), &filter);
        for (size_t i = 0; r >= 0 && i < plan->n_calls; i++) {
                const PlanCall *c = &plan->calls[i];

                if (c->error == ENOSYS)
                        continue;
                r = add_rule(filter, c->error ? SCMP_ACT_ERRNO((unsigned) c->error) : SCMP_ACT_ALLOW, c->name, NULL, 0);
        }
        return r < 0 ? r : finish(filter, ret);
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

static int compile_arguments(const Plan *plan, int *ret) {
        _cleanup_(releasep) scmp_filter_ctx filter = NULL;
        int r;

        r = begin(plan, SCMP_ACT_ALLOW, &filter);
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
                r = add_rule(filter, SCMP_ACT_ERRNO((unsigned) rule->error), rule->name, tests, n);
        }
        return r < 0 ? r : finish(filter, ret);
}

int filter_compile(const Plan *plan, int ret[static FILTERS], Report *report) {
        _cleanup_close_ int calls = -1, arguments = -1;
        int r;

        r = compile_calls(plan, &calls);
        if (r >= 0)
                r = compile_arguments(plan, &arguments);
        if (r < 0)
                return report_error(report, -r, "cannot compile the system call filter: %s", strerror(-r));

        ret[0] = TAKE_FD(calls);
        ret[1] = TAKE_FD(arguments);
        return 0;
}

int filter_install(int fd) {
        off_t size = lseek(fd, 0, SEEK_END);
        struct sock_fprog program;
        void *code;

        if (size < 0)
                return -errno;
        code = mmap(NULL, (size_t) size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (code == MAP_FAILED)
                return -errno;

        program = (struct sock_fprog) { .len = (unsigned short) ((size_t) size / sizeof(struct sock_filter)),
                                        .filter = code };
        return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

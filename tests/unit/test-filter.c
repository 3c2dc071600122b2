/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the compiled filters of a plan as the kernel would, also on machines that cannot load them. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sandbox/deny/filter.h"

enum {
        INSTRUCTIONS_MAX = 4096, /* BPF_MAXINSNS */
        NUMBERS = 1024, /* beyond all system calls of Linux */
        API_KILL_PROCESS = 3, /* the level of seccomp_api_set(3) that has SCMP_ACT_KILL_PROCESS */
};

typedef struct Filter {
        struct sock_filter program[INSTRUCTIONS_MAX];
        size_t n;
} Filter;

typedef struct Filters {
        PlanFixture *plan;
        Filter filters[FILTERS];
} Filters;

static void read_filter(Filter *filter, int fd) {
        ssize_t size = pread(fd, filter->program, sizeof(filter->program), 0);

        assert_true(size > 0 && (size_t) size < sizeof(filter->program));
        assert_int_equal(size % sizeof(struct sock_filter), 0);
        filter->n = (size_t) size / sizeof(struct sock_filter);
        close(fd);
}

static void compile(Filters *f, const char *lines) {
        int fds[FILTERS];

        plan_make(f->plan, lines);
        expect_result(lines, f->plan->result, 0);
        expect_result(lines, filter_compile(f->plan->plan, fds, &f->plan->log.report), 0);
        for (size_t i = 0; i < FILTERS; i++)
                read_filter(&f->filters[i], fds[i]);
}

/* Knows only the instructions that libseccomp generates. */
static uint32_t run(const Filter *filter, const struct seccomp_data *data) {
        uint32_t a = 0;

        for (size_t i = 0; i < filter->n; i++) {
                const struct sock_filter *s = &filter->program[i];
                bool jump = false;

                switch (s->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        memcpy(&a, (const char *) data + s->k, sizeof(a));
                        continue;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= s->k;
                        continue;
                case BPF_RET | BPF_K:
                        return s->k;
                case BPF_JMP | BPF_JA:
                        i += s->k;
                        continue;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        jump = a == s->k;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        jump = a > s->k;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        jump = a >= s->k;
                        break;
                default:
                        fail_msg("instruction %zu is unknown: %#x", i, s->code);
                }
                i += jump ? s->jt : s->jf;
        }
        fail_msg("no instruction returns");
        return 0;
}

/* With several filters, the kernel uses the strictest result: the lowest as a signed number. Returns an errno, 0 if the
 * call is allowed, or -1 if it kills. */
static int ask(const Filters *f, uint32_t architecture, int number, const uint64_t arguments[6]) {
        struct seccomp_data data = { .nr = number, .arch = architecture };
        uint32_t strictest = SECCOMP_RET_ALLOW;

        memcpy(data.args, arguments, sizeof(data.args));
        for (size_t i = 0; i < FILTERS; i++) {
                uint32_t answer = run(&f->filters[i], &data);

                if ((int32_t) (answer & SECCOMP_RET_ACTION_FULL) < (int32_t) (strictest & SECCOMP_RET_ACTION_FULL))
                        strictest = answer;
        }
        switch (strictest & SECCOMP_RET_ACTION_FULL) {
        case SECCOMP_RET_ALLOW:
                return 0;
        case SECCOMP_RET_ERRNO:
                return (int) (strictest & SECCOMP_RET_DATA);
        case SECCOMP_RET_KILL_PROCESS:
                return -1;
        default:
                fail_msg("answer is unknown: %#x", strictest);
                return -1;
        }
}

static const uint64_t zeros[6] = {};

/* Each number must give the result in the plan, and ENOSYS if the plan has no call with this number. */
static void check_numbers(Filters *f, const char *lines) {
        Plan *plan;
        int expected[NUMBERS];

        compile(f, lines);
        plan = f->plan->plan;
        for (size_t i = 0; i < NUMBERS; i++)
                expected[i] = ENOSYS;
        for (size_t i = 0; i < plan->n_calls; i++) {
                int number = seccomp_syscall_resolve_name(plan->calls[i].name);

                assert_true(number >= 0 && number < NUMBERS);
                expected[number] = plan->calls[i].error;
        }

        f->filters[1] = (Filter) { .program = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) }, .n = 1 };
        for (int number = 0; number < NUMBERS; number++) {
                char what[128];

                snprintf(what, sizeof(what), "%s: call %d", lines, number);
                expect_result(what, ask(f, seccomp_arch_native(), number, zeros), expected[number]);
        }
}

/* promise P20 */
static void test_numbers(void **state) {
        check_numbers(*state, "");
        check_numbers(*state, "SystemCallFilter=@known @keyring");
        check_numbers(*state, "SystemCallFilter=~@mount");
        check_numbers(*state, "SystemCallFilter=~@mount:EACCES\nSystemCallErrorNumber=ENOENT");
}

#define CALL(name) SCMP_SYS(name)
/* promise P20 */
static void test_arguments(void **state) {
        static const struct {
                const char *lines;
                int number;
                uint64_t arguments[6];
                int error;
        } cases[] = {
                { "", CALL(read), {}, 0 },
                { "", CALL(mount), {}, EPERM },
                { "", CALL(clone), { CLONE_VM | CLONE_THREAD }, 0 },
                { "", CALL(clone), { CLONE_NEWUSER | 17 }, EPERM },
                { "", CALL(clone), { 17, CLONE_NEWUSER }, 0 }, /* flags are the first argument here, except on s390x */
                { "", CALL(clone3), {}, ENOSYS },
                { "", CALL(unshare), { CLONE_NEWNET }, EPERM },
                { "", CALL(ioctl), { 0, TCGETS }, 0 },
                { "", CALL(ioctl), { 0, TIOCSTI }, EPERM },
                { "", CALL(ioctl), { 0, TIOCSTI | UINT64_C(1) << 32 }, EPERM },
                { "", CALL(openat), { 3, 0, O_CREAT, 0644 }, 0 },
                { "", CALL(openat), { 3, 0, O_CREAT, 04755 }, EPERM },
                { "", CALL(fchmodat), { 3, 0, 02755 }, EPERM },
                { "", CALL(socket), { AF_INET }, 0 },
                { "", CALL(socket), { AF_PACKET }, EAFNOSUPPORT },
                { "", CALL(socket), { AF_INET | UINT64_C(1) << 32 }, EAFNOSUPPORT },
                { "MemoryDenyWriteExecute=yes", CALL(mmap), { 0, 4096, 7 }, EPERM },
                { "MemoryDenyWriteExecute=yes", CALL(mmap), { 0, 4096, 3 }, 0 },
        };
        Filters *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char what[64];

                snprintf(what, sizeof(what), "case %zu", i);
                compile(f, cases[i].lines);
                expect_result(what, ask(f, seccomp_arch_native(), cases[i].number, cases[i].arguments),
                              cases[i].error);
        }
}

static void test_architectures(void **state) {
        uint32_t native = seccomp_arch_native(), other = native == AUDIT_ARCH_AARCH64 ? AUDIT_ARCH_ARM : AUDIT_ARCH_I386;
        Filters *f = *state;

        compile(f, "");
        expect_result("another architecture", ask(f, other, CALL(read), zeros), -1);
        if (native == AUDIT_ARCH_X86_64)
                expect_result("x32", ask(f, native, 0x40000000 /* __X32_SYSCALL_BIT */, zeros), -1);
}

/* The kernel runs both programs at each call of the payload. This test fails if they grow. */
static void test_size(void **state) {
        Filters *f = *state;

        compile(f, "");
        print_message("# instructions: %zu for calls, %zu for arguments\n", f->filters[0].n, f->filters[1].n);
        assert_true(f->filters[0].n < 1000);
        assert_true(f->filters[1].n < 400);
}

static int set_up(void **state) {
        Filters *f = calloc(1, sizeof(Filters));
        void *plan;

        assert_non_null(f);
        /* Nothing is loaded here, so compile even if the kernel has no filters, as under qemu-user. */
        if (seccomp_api_get() < API_KILL_PROCESS)
                assert_int_equal(seccomp_api_set(API_KILL_PROCESS), 0);
        assert_int_equal(plan_set_up(&plan), 0);
        f->plan = plan;
        *state = f;
        return 0;
}

static int tear_down(void **state) {
        Filters *f = *state;
        void *plan = f->plan;

        plan_tear_down(&plan);
        free(f);
        return 0;
}

#define WITH_FILTERS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                WITH_FILTERS(test_numbers),
                WITH_FILTERS(test_arguments),
                WITH_FILTERS(test_architectures),
                WITH_FILTERS(test_size),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

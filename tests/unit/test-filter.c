/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the filter of a plan answers. */
#include "bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "plan/deny/watch.h"
#include "policy/value/names.h"

enum { NUMBERS = 1024 }; /* beyond all system calls of Linux */

typedef struct Filters {
        PlanFixture *plan;
        Filter filter;
} Filters;

static void compile(Filters *f, const char *lines) {
        filter_deinit(&f->filter);
        plan_make(f->plan, lines);
        expect_result(lines, f->plan->result, 0);
        expect_result(lines, filter_get(f->plan->plan, &f->filter, &f->plan->log.report), 0);
}

/* Returns an errno, 0 if the call is allowed, or -1 if it kills. */
static int ask(const Filters *f, uint32_t architecture, int number, const uint64_t arguments[6]) {
        struct seccomp_data data = { .nr = number, .arch = architecture };
        uint32_t answer;

        memcpy(data.args, arguments, sizeof(data.args));
        answer = bpf_ask(&f->filter, &data, NULL);
        switch (answer & SECCOMP_RET_ACTION_FULL) {
        case SECCOMP_RET_ALLOW:
                return 0;
        case SECCOMP_RET_ERRNO:
                return (int) (answer & SECCOMP_RET_DATA);
        case SECCOMP_RET_KILL_PROCESS:
                return -1;
        default:
                fail_msg("answer is unknown: %#x", answer);
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
                const PlanCall *call = &plan->calls[i];
                int number = seccomp_syscall_resolve_name(call->name);

                assert_true(number >= 0 && number < NUMBERS);
                expected[number] = call->error ?: plan_rules_answer(plan, call->name, zeros);
        }

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
        expect_result("a call that a tracer cancels", ask(f, native, -1, zeros), ENOSYS);

        /* With libseccomp's two programs. */
        compile(f, "SystemCallArchitectures=arm x86");
        expect_number("programs", f->filter.n, 2);
        expect_result("another architecture that is allowed",
                      ask(f, other, seccomp_syscall_resolve_name_arch(other, "read"), zeros), 0);
        expect_result("... a call that is denied",
                      ask(f, other, seccomp_syscall_resolve_name_arch(other, "mount"), zeros), EPERM);
        expect_result("... the native one", ask(f, native, CALL(read), zeros), 0);
}

/* i386's socketcall(2) and ipc(2) do not make a call that is denied. */
/* promise P20 */
static void test_indirect_calls(void **state) {
        enum { SOCKETCALL = 102, IPC = 117 }; /* of i386 */
        static const struct {
                const char *lines;
                int number;
                uint64_t argument;
                int error;
        } cases[] = {
                { "", SOCKETCALL, 2, ENOSYS }, /* because of the families */
                { "", IPC, 23, 0 },
                { "RestrictAddressFamilies=~", SOCKETCALL, 2, 0 },
                { "RestrictAddressFamilies=~\nSystemCallFilter=~bind:EACCES", SOCKETCALL, 2, EACCES },
                { "RestrictAddressFamilies=~\nSystemCallFilter=~bind:EACCES", SOCKETCALL, 3, 0 },
                { "RestrictAddressFamilies=~\nSystemCallFilter=~sendmmsg", SOCKETCALL, 20, EPERM },
                { "SystemCallFilter=~shmget:ENOENT", IPC, 23, ENOENT },
                { "SystemCallFilter=~shmget:ENOENT", IPC, 23 | 1 << 16, ENOENT },
                { "SystemCallFilter=~shmget:ENOENT", IPC, 24, 0 },
                { "SystemCallFilter=~@ipc", IPC, 1, EPERM },
                { "SystemCallFilter=@default ipc\nSystemCallErrorNumber=EACCES", IPC, 21, EACCES },
        };
        Filters *f = *state;

        if (seccomp_arch_native() != AUDIT_ARCH_X86_64)
                skip();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char lines[256];

                snprintf(lines, sizeof(lines), "SystemCallArchitectures=x86\n%s", cases[i].lines);
                compile(f, lines);
                expect_result(lines,
                              ask(f, AUDIT_ARCH_I386, cases[i].number, (const uint64_t[6]) { cases[i].argument }),
                              cases[i].error);
        }
}

/* The kernel runs the program at each call of the payload that it does not always allow, and once for each number when
 * it loads it. This test fails if the tree becomes a list. */
static void test_size(void **state) {
        Filters *f = *state;
        unsigned steps = 0, most = 0;

        compile(f, "");
        for (int number = 0; number < NUMBERS; number++) {
                struct seccomp_data data = { .nr = number, .arch = seccomp_arch_native() };
                unsigned ran = 0;

                bpf_ask(&f->filter, &data, &ran);
                steps += ran;
                most = ran > most ? ran : most;
        }
        print_message("# %u instructions; a call runs %u, at most %u\n", f->filter.programs[0].len, steps / NUMBERS,
                      most);
        assert_int_equal(f->filter.n, 1);
        assert_true(f->filter.programs[0].len < 600);
        assert_true(steps / NUMBERS < 20);
        assert_true(most < 60);
}

/* Calls that would let the payload escape from its tracer: denied also where the policy allows them. */
static bool is_escape(int number) {
        return number == CALL(ptrace) || number == CALL(clone3) || number == CALL(io_uring_setup);
}

/* What the filters of isorun --why may answer where the plan's filter gives this errno. */
static bool is_as_strict(int number, int error, uint32_t answer) {
        const uint32_t traced = SECCOMP_RET_TRACE | WATCH_DATA;

        if (error == ENOSYS)
                return answer == (SECCOMP_RET_ERRNO | ENOSYS);
        if (error)
                return answer == traced;
        if (is_escape(number))
                return (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && answer & SECCOMP_RET_DATA;
        return answer == traced || answer == SECCOMP_RET_ALLOW;
}

static void check_watched(Filters *f, const char *lines) {
        Filter watching;

        compile(f, lines);
        assert_int_equal(filter_get_watching(f->plan->plan, &watching), 0);
        for (int number = 0; number < NUMBERS; number++) {
                struct seccomp_data data = { .nr = number, .arch = NATIVE_ARCHITECTURE };

                if (!is_as_strict(number, ask(f, NATIVE_ARCHITECTURE, number, zeros), bpf_ask(&watching, &data, NULL)))
                        fail_msg("%s: call %d: %#x", lines, number, bpf_ask(&watching, &data, NULL));
        }
        filter_deinit(&watching);
}

static uint32_t ask_watching(const Filters *f, int number, unsigned argument, uint64_t value) {
        struct seccomp_data data = { .nr = number, .arch = NATIVE_ARCHITECTURE };
        uint32_t answer;
        Filter watching;

        data.args[argument] = value;
        assert_int_equal(filter_get_watching(f->plan->plan, &watching), 0);
        answer = bpf_ask(&watching, &data, NULL);
        filter_deinit(&watching);
        return answer;
}

/* promise P53 */
static void test_watched(void **state) {
        Filters *f = *state;

        check_watched(f, "");
        check_watched(f, "SystemCallFilter=@known @keyring\nRestrictNamespaces=no");
        check_watched(f, "SystemCallFilter=~@mount:EACCES\nSystemCallErrorNumber=ENOENT");
        assert_int_equal(ask_watching(f, CALL(openat), 0, 0), SECCOMP_RET_TRACE | WATCH_DATA);
        assert_int_equal(ask_watching(f, CALL(clone), 0, CLONE_UNTRACED | 17), SECCOMP_RET_ERRNO | EPERM);
        assert_int_equal(ask_watching(f, CALL(clone), 0, 17), SECCOMP_RET_ALLOW);
        assert_int_equal(ask_watching(f, CALL(seccomp), 1, SECCOMP_FILTER_FLAG_NEW_LISTENER | 1),
                         SECCOMP_RET_ERRNO | EBUSY);
        assert_int_equal(ask_watching(f, CALL(seccomp), 1, 1), SECCOMP_RET_ALLOW);
        /* send(2) */
        assert_int_equal(ask_watching(f, CALL(sendto), 4, 0), SECCOMP_RET_ALLOW);
        assert_int_equal(ask_watching(f, CALL(sendto), 4, 16), SECCOMP_RET_TRACE | WATCH_DATA);
        assert_int_equal(ask_watching(f, CALL(sendto), 4, UINT64_C(1) << 32), SECCOMP_RET_TRACE | WATCH_DATA);
}

/* What the filters with LogDenials=yes may answer where the plan's filter gives this answer. */
static uint32_t expected_notice(uint32_t answer, bool is_exempt) {
        return !is_exempt && watch_is_denial(answer) ? SECCOMP_RET_USER_NOTIF : answer;
}

static void check_logged(Filters *f, const char *lines, unsigned n) {
        Filter logging;

        compile(f, lines);
        assert_int_equal(filter_get_logging(f->plan->plan, &logging), 0);
        assert_int_equal(logging.n, n);
        for (int number = 0; number < NUMBERS; number++) {
                struct seccomp_data data = { .nr = number, .arch = NATIVE_ARCHITECTURE };
                const bool is_exempt = n > 1 && (number == CALL(sendmsg) || number == CALL(seccomp));
                const uint32_t plain = bpf_ask(&f->filter, &data, NULL), answer = bpf_ask(&logging, &data, NULL);

                if (answer != expected_notice(plain, is_exempt))
                        fail_msg("%s: call %d: %#x", lines, number, answer);
                /* No call of another architecture passes either. */
                data.arch = AUDIT_ARCH_I386;
                assert_int_equal(bpf_ask(&logging, &data, NULL), bpf_ask(&f->filter, &data, NULL));
        }
        for (uint32_t flags = 1; flags < 2 * SECCOMP_FILTER_FLAG_NEW_LISTENER; flags++) {
                struct seccomp_data data = { .nr = CALL(seccomp), .arch = NATIVE_ARCHITECTURE, .args = { 1, flags } };
                const uint32_t plain = bpf_ask(&f->filter, &data, NULL);
                const bool gets_listener = flags & SECCOMP_FILTER_FLAG_NEW_LISTENER && plain == SECCOMP_RET_ALLOW;

                if (gets_listener)
                        assert_int_equal(bpf_ask(&logging, &data, NULL), SECCOMP_RET_ERRNO | EBUSY);
                else if (plain != SECCOMP_RET_ALLOW)
                        assert_int_not_equal(bpf_ask(&logging, &data, NULL), SECCOMP_RET_ALLOW);
                else
                        assert_int_equal(bpf_ask(&logging, &data, NULL), SECCOMP_RET_ALLOW);
        }
        filter_deinit(&logging);
}

/* promise P55 */
static void test_logged(void **state) {
        Filters *f = *state;

        check_logged(f, "", 1);
        check_logged(f, "SystemCallFilter=@known @keyring\nRestrictNamespaces=no", 1);
        check_logged(f, "SystemCallFilter=~@mount:EACCES\nSystemCallErrorNumber=ENOENT", 1);
        check_logged(f, "SystemCallFilter=~seccomp", 1);
        check_logged(f, "SystemCallFilter=~sendmsg", 2);
        check_logged(f, "SystemCallFilter=~sendmsg seccomp", 2);
}

/* A call that the filter allows runs at most these more instructions. */
static void test_logged_size(void **state) {
        Filters *f = *state;
        struct seccomp_data data = { .nr = CALL(read), .arch = NATIVE_ARCHITECTURE };
        unsigned plain = 0, more = 0;
        Filter logging;

        compile(f, "");
        assert_int_equal(filter_get_logging(f->plan->plan, &logging), 0);
        bpf_ask(&f->filter, &data, &plain);
        bpf_ask(&logging, &data, &more);
        print_message("# read: %u instructions, with LogDenials= %u\n", plain, more);
        assert_int_equal(more, plain + 2);
        filter_deinit(&logging);
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

        filter_deinit(&f->filter);
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
                WITH_FILTERS(test_indirect_calls),
                WITH_FILTERS(test_size),
                WITH_FILTERS(test_watched),
                WITH_FILTERS(test_logged),
                WITH_FILTERS(test_logged_size),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages on the socket are data, which the other side may have invented. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "plan-fixture.h"
#undef fail /* cmocka needs them */
#include "sandbox/wire/failure.h"
#include "sandbox/wire/packet.h"
#include "sandbox/wire/step.h"
#include "util/fd.h"

static void make_pair(int fds[static 2]) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
}

/* Counts the open fds of this process. */
static unsigned count_fds(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 256; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

/* Sends size bytes of m with n fds, and receives them as this end. */
static int pass(const Message *m, size_t size, unsigned n, MessageEnd end, Message *ret) {
        int fds[2], sent[5], got[4], r;
        struct iovec part = { .iov_base = (void *) m, .iov_len = size };

        make_pair(fds);
        for (unsigned i = 0; i < n; i++)
                sent[i] = fds[0];
        assert_int_equal(packet_send(fds[0], &part, 1, sent, n, 0), 0);
        r = message_receive(fds[1], end, ret, got, ELEMENTSOF(got));
        if (r > 0)
                fds_close(got, ELEMENTSOF(got));
        fds_close(fds, ELEMENTSOF(fds));
        return r;
}

typedef struct Case {
        const char *what;
        Message message;
        unsigned n_fds;
} Case;

static void expect_each(const Case *cases, size_t n, MessageEnd end, int result) {
        for (size_t i = 0; i < n; i++) {
                unsigned before = count_fds();
                Message m = {};

                expect_result(cases[i].what, pass(&cases[i].message, sizeof(Message), cases[i].n_fds, end, &m), result);
                expect_number(cases[i].what, count_fds(), before);
                if (result > 0)
                        assert_memory_equal(&m, &cases[i].message, sizeof(m));
        }
}

static void test_good_to_isorun(_unused_ void **state) {
        static const Case cases[] = {
                { "failed", { .type = MESSAGE_FAILED, .value = EPERM, .status = PLAN_FAILED, .text = "no" }, 0 },
                { "not found", { .type = MESSAGE_FAILED, .value = ENOENT, .status = PLAN_NOT_FOUND }, 0 },
                { "step", { .type = MESSAGE_STEP, .value = _STEPS - 1, .number = UINT64_MAX }, 0 },
                { "given", { .type = MESSAGE_GIVEN, .value = 3 }, 1 },
                { "terminal", { .type = MESSAGE_TERMINAL }, 1 },
                { "started", { .type = MESSAGE_STARTED }, 1 },
                { "started with a notify socket", { .type = MESSAGE_STARTED }, 2 },
                { "seen", { .type = MESSAGE_SEEN, .value = 15, .status = 1 }, 0 },
                { "continued", { .type = MESSAGE_CONTINUED }, 0 },
                { "found", { .type = MESSAGE_FOUND }, 1 },
                { "not found", { .type = MESSAGE_FOUND }, 0 },
                { "forked", { .type = MESSAGE_FORKED }, 1 },
                { "asked", { .type = MESSAGE_ASKED }, 1 },
                { "stopped", { .type = MESSAGE_STOPPED, .value = 20 }, 0 },
                { "ending", { .type = MESSAGE_ENDING }, 0 },
                { "to be stopped", { .type = MESSAGE_ENDING, .value = 1 }, 0 },
                { "full", { .type = MESSAGE_FULL, .value = 1 }, 0 },

                { "exited with 3", { .type = MESSAGE_EXITED, .value = 3 << 8 }, 0 },
                { "left something behind", { .type = MESSAGE_EXITED, .status = 1, .text = "nginx" }, 0 },
                { "killed by 9", { .type = MESSAGE_EXITED, .value = 9 }, 0 },
                { "dumped core", { .type = MESSAGE_EXITED, .value = 11 | 0x80 }, 0 },
        };

        expect_each(cases, ELEMENTSOF(cases), MESSAGE_TO_ISORUN, 1);
        expect_each(cases, ELEMENTSOF(cases), MESSAGE_TO_INSIDE, -EPROTO);
}

static void test_good_to_inside(_unused_ void **state) {
        static const Case cases[] = {
                { "mapped", { .type = MESSAGE_MAPPED }, 0 },
                { "requesting", { .type = MESSAGE_REQUESTING }, 0 },
                { "go", { .type = MESSAGE_GO }, 0 },
                { "go, with two places", { .type = MESSAGE_GO }, 2 },
                { "signal", { .type = MESSAGE_SIGNAL, .value = 64, .status = 1 }, 0 },
                { "continue", { .type = MESSAGE_CONTINUE, .value = 1 }, 0 },
                { "control", { .type = MESSAGE_CONTROL }, 1 },
                { "look up", { .type = MESSAGE_LOOK_UP, .value = 4711 }, 0 },
                { "hand over", { .type = MESSAGE_HAND_OVER, .value = 2, .status = 2, .number = UINT64_MAX }, 2 },
                { "handed over", { .type = MESSAGE_HANDED_OVER }, 0 },
        };

        expect_each(cases, ELEMENTSOF(cases), MESSAGE_TO_INSIDE, 1);
        expect_each(cases, ELEMENTSOF(cases), MESSAGE_TO_ISORUN, -EPROTO);
}

/* promise P33 */
static void test_bad(_unused_ void **state) {
        static const Case cases[] = {
                { "an unknown type", { .type = _MESSAGE_TYPES }, 0 },
                { "a type far out", { .type = (MessageType) -1 }, 0 },
                { "no error", { .type = MESSAGE_FAILED, .value = 0, .status = PLAN_FAILED }, 0 },
                { "a negative error", { .type = MESSAGE_FAILED, .value = -EPERM, .status = PLAN_FAILED }, 0 },
                { "an error far out", { .type = MESSAGE_FAILED, .value = 4096, .status = PLAN_FAILED }, 0 },
                { "a status of a command", { .type = MESSAGE_FAILED, .value = EPERM, .status = 0 }, 0 },
                { "a status of a signal", { .type = MESSAGE_FAILED, .value = EPERM, .status = 128 }, 0 },
                { "a failure with an fd", { .type = MESSAGE_FAILED, .value = EPERM, .status = PLAN_FAILED }, 1 },
                { "an unknown step", { .type = MESSAGE_STEP, .value = _STEPS }, 0 },
                { "a negative step", { .type = MESSAGE_STEP, .value = -1 }, 0 },
                { "no file", { .type = MESSAGE_GIVEN }, 0 },
                { "a file before the first", { .type = MESSAGE_GIVEN, .value = -1 }, 1 },
                { "no terminal", { .type = MESSAGE_TERMINAL }, 0 },
                { "two terminals", { .type = MESSAGE_TERMINAL }, 2 },
                { "no payload", { .type = MESSAGE_STARTED }, 0 },
                { "a value without a meaning", { .type = MESSAGE_STARTED, .value = 1 }, 1 },
                { "signal 0", { .type = MESSAGE_SEEN, .value = 0 }, 0 },
                { "signal 65", { .type = MESSAGE_SEEN, .value = 65 }, 0 },
                { "seen with a status far out", { .type = MESSAGE_SEEN, .value = 1, .status = 2 }, 0 },
                { "stopped by no signal", { .type = MESSAGE_STOPPED, .value = -1 }, 0 },
                { "a wait status of a stop", { .type = MESSAGE_EXITED, .value = 0x137f }, 0 },
                { "a wait status far out", { .type = MESSAGE_EXITED, .value = 0x10000 }, 0 },
                { "a negative wait status", { .type = MESSAGE_EXITED, .value = -1 }, 0 },
        };

        expect_each(cases, ELEMENTSOF(cases), MESSAGE_TO_ISORUN, -EPROTO);
}

static void test_bad_text(_unused_ void **state) {
        Message m = { .type = MESSAGE_FAILED, .value = EPERM, .status = PLAN_FAILED }, got;

        memset(m.text, 'x', sizeof(m.text));
        assert_int_equal(pass(&m, sizeof(m), 0, MESSAGE_TO_ISORUN, &got), -EPROTO);
        m.text[sizeof(m.text) - 1] = '\0';
        assert_int_equal(pass(&m, sizeof(m), 0, MESSAGE_TO_ISORUN, &got), 1);
}

static void test_bad_size(_unused_ void **state) {
        struct {
                Message m;
                char more;
        } large = { .m = { .type = MESSAGE_STARTED } };
        unsigned before = count_fds();
        Message got;

        assert_int_equal(pass(&large.m, 1, 1, MESSAGE_TO_ISORUN, &got), -EPROTO);
        assert_int_equal(pass(&large.m, sizeof(Message) - 1, 1, MESSAGE_TO_ISORUN, &got), -EPROTO);
        assert_int_equal(pass(&large.m, sizeof(large), 1, MESSAGE_TO_ISORUN, &got), -EPROTO);
        assert_int_equal(count_fds(), before);
}

/* The subjects that the plan has are found again, and no others. */
static void test_subject(void **state) {
        PlanFixture *f = *state;
        const char *key = "unset";
        Origin origin = { "unset", 1 };
        const PlanMount *m;

        plan_expect_good(f, "BindPaths=%h/data:/srv\nLimitNOFILE=64");
        m = plan_find_mount(f->plan, "/srv");
        assert_non_null(m);
        assert_int_equal(subject_find(f->plan, subject_mount(f->plan, m), &origin, &key), 0);
        expect_text("mount", key, "BindPaths");
        expect_text("mount", origin.file, "test.conf");
        expect_number("mount", origin.line, m->origin.line);
        assert_true(f->plan->n_limits > 0);
        assert_int_equal(subject_find(f->plan, (Subject) { SUBJECT_LIMIT, 0 }, &origin, &key), 0);
        expect_text("limit", key, f->plan->limits[0].directive->name);
        assert_int_equal(subject_find(f->plan, (Subject) { SUBJECT_STANDARD_IO, 2 }, &origin, &key), 0);
        assert_null(key);
        key = "unset";
        assert_int_equal(subject_find(f->plan, (Subject) {}, &origin, &key), 0);
        assert_null(key);
        assert_null(origin.file);
}

static void test_bad_subject(void **state) {
        PlanFixture *f = *state;
        const char *key = "unset";
        Origin origin = { "unset", 1 };

        plan_expect_good(f, "LimitNOFILE=64");
        const Subject subjects[] = {
                { SUBJECT_MOUNT, (uint32_t) f->plan->n_mounts }, { SUBJECT_MOUNT, UINT32_MAX },
                { SUBJECT_LIMIT, (uint32_t) f->plan->n_limits }, { SUBJECT_LIMIT, UINT32_MAX },
                { SUBJECT_STANDARD_IO, 3 },                      { SUBJECT_STANDARD_IO, UINT32_MAX },
                { SUBJECT_STANDARD_IO + 1, 0 },                  { UINT32_MAX, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(subjects); i++)
                assert_int_equal(subject_find(f->plan, subjects[i], &origin, &key), -EPROTO);
        expect_text("left as it was", key, "unset");
}

static void test_shared_failure(_unused_ void **state) {
        _cleanup_(failure_unsharep) Failure *shared = failure_share();
        Failure f = {};

        assert_non_null(shared);
        assert_int_equal(failure_take(shared, &f), 0);
        assert_int_equal(fail(shared, ENOENT, "/there"), -ENOENT);
        assert_int_equal(failure_take(shared, &f), -ENOENT);
        expect_text("text", f.message.text, "/there: No such file or directory");

        memset(shared->message.text, 'x', sizeof(shared->message.text));
        assert_int_equal(failure_take(shared, &f), -EPROTO);
        assert_non_null(memchr(f.message.text, '\0', sizeof(f.message.text)));
        shared->message.text[0] = '\0';
        assert_int_equal(failure_take(shared, &f), -ENOENT);
        shared->message.value = 0;
        assert_int_equal(failure_take(shared, &f), -EPROTO);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good_to_isorun), cmocka_unit_test(test_good_to_inside), cmocka_unit_test(test_bad),
                cmocka_unit_test(test_bad_text),       cmocka_unit_test(test_bad_size),       IN_PLAN(test_subject),
                IN_PLAN(test_bad_subject),             cmocka_unit_test(test_shared_failure),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of isoctl why that the suite why cannot compare: about other kernels, and about limits of a unit. */
#include "plan-fixture.h"

#include "plan/why/kept.h"
#include "plan/why/why.h"


/* "denied EPERM limit by 3 IPAddressAllow=…" */
static void expect_answer(PlanFixture *f, const char *action, const char *object, const char *expected) {
        static const char *const verdicts[] = { [WHY_ALLOWED] = "allowed", [WHY_DENIED] = "denied", [WHY_DEPENDS] = "depends" };
        _cleanup_(why_answer_deinit) WhyAnswer a = {};
        _cleanup_free_ char *name = NULL, *got = NULL;
        WhyQuestion q;

        expect_result(object, why_question_parse(action, object, &q, &name), 0);
        expect_result(object, plan_why(f->plan, &q, &a), 0);
        assert_true(asprintf(&got, "%s %s %s by %u%s%s", verdicts[a.verdict], a.error ? strerrorname_np(a.error) : "-",
                             why_mechanisms[a.mechanism], a.origin.line, a.allow ? " " : "", a.allow ?: "") > 0);
        expect_text(object, got, expected);
}

static void test_addresses(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "PrivateNetwork=no\nIPAddressDeny=10.0.0.0/9 2001:db8::/33\nIPAddressAllow=10.1.0.0/16");
        expect_answer(f, "connect", "10.2.3.4:80", "denied EPERM limit by 2 IPAddressAllow=10.2.3.4");
        expect_answer(f, "connect", "10.1.3.4:80", "allowed - none by 1");
        expect_answer(f, "connect", "10.128.0.1:80", "allowed - none by 1");
        expect_answer(f, "connect", "[2001:db8:7fff::1]:80", "denied EPERM limit by 2 IPAddressAllow=2001:db8:7fff::1");
        expect_answer(f, "connect", "[2001:db8:8000::1]:80", "allowed - none by 1");
        expect_answer(f, "connect", "example.org:80", "depends - none by 0");
        plan_expect_good(f, "IPAddressDeny=any");
        /* ConnectTo= cannot be combined with it. */
        expect_answer(f, "connect", "example.org:80", "denied - namespace by 0");
}

static void test_abstract_sockets(void **state) {
        PlanFixture *f = *state;

        plan_expect_good(f, "PrivateNetwork=no\nAbstractSockets=yes");
        expect_answer(f, "connect", "@bus", "allowed - none by 2");
        plan_expect_good(f, "PrivateNetwork=no");
        expect_answer(f, "connect", "@bus", "denied EPERM Landlock by 0 AbstractSockets=yes");
        plan_expect_good(f, "AbstractSockets=yes");
        expect_answer(f, "connect", "@bus", "denied ECONNREFUSED namespace by 0 PrivateNetwork=no");
        /* Before Linux 6.12, the filter denies all sockets of AF_UNIX instead. */
        f->host.landlock_abi = 5;
        plan_make(f, "PrivateNetwork=no");
        expect_answer(f, "connect", "@bus", "denied EAFNOSUPPORT filter by 0 AbstractSockets=yes");
        expect_answer(f, "connect", "/etc/passwd", "denied EAFNOSUPPORT filter by 0");
}

/* Of a running instance, the answers are text, which may be from an attacker. */
static void test_kept(_unused_ void **state) {
        static const char *const bad[] = {
                "", "denied", "denied 1 filter \"\" 0 a b", "denied 1 filter \"\" 0 a b c d", "maybe 1 filter \"\" 0 a b c",
                "denied 1 magic \"\" 0 a b c", "denied 4096 filter \"\" 0 a b c", "denied -1 filter \"\" 0 a b c",
                "denied 4000 filter \"\" 0 a b c", "denied 1 filter f x a b c", "denied 1 filter f 1 \"a b c",
        };
        const WhyAnswer a = { .verdict = WHY_DENIED, .error = EPERM, .mechanism = BY_FILTER, .has_origin = true,
                              .origin = { "a \"file\"\n", 12 }, .text = (char *) "no\x1b[1m \\ it", .opens = "all" };
        _cleanup_(why_answer_deinit) WhyAnswer got = {};
        Buffer b;

        buffer_init(&b);
        why_answer_write(&a, b.f);
        expect_result("a line", why_answer_parse(buffer_text(&b), &got), 0);
        expect_number("verdict", got.verdict, WHY_DENIED);
        expect_number("errno", (uint64_t) got.error, EPERM);
        expect_number("mechanism", got.mechanism, BY_FILTER);
        expect_text("file", got.origin.file, a.origin.file);
        expect_number("line", got.origin.line, 12);
        expect_text("text", got.text, a.text);
        expect_text("opens", got.opens, a.opens);
        assert_null(got.allow);
        buffer_deinit(&b);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                WhyAnswer none = {};

                expect_result(bad[i], why_answer_parse(bad[i], &none), -EPROTO);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_PLAN(test_addresses),
                IN_PLAN(test_abstract_sockets),
                cmocka_unit_test(test_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

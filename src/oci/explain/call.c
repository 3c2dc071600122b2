/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the filter that the kernel would get, and then looks for the rule behind what it returns. */
#include "oci/explain/call.h"

#include <errno.h>

#include "image/json.h"
#include "oci/spec/place.h"
#include "plan/deny/answer.h"
#include "plan/why/answer.h"
#include "plan/why/why.h"
#include "policy/value/names.h"
#include "util/kernel.h"

static bool has_name(const json_t *rule, const char *name) {
        const json_t *names = json_object_get(rule, "names");

        for (size_t i = 0; i < json_array_size(names); i++)
                if (streq(json_string_value(json_array_get(names, i)), name))
                        return true;
        return false;
}

/* Whether a rule of this call looks at an argument that the question does not have. */
static bool needs_more(const json_t *rule, const WhyQuestion *q) {
        const json_t *tests = json_object_get(rule, "args");

        for (size_t i = 0; i < json_array_size(tests); i++)
                if (place_integer(json_object_get(json_array_get(tests, i), "index")) >= q->n_arguments)
                        return true;
        return false;
}

/* The line of the first rule that names the call and has this action, or else that of the default action. */
static Origin find_origin(Bundle *b, const json_t *rules, const char *name, uint32_t result) {
        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i);
                uint32_t value;

                if (has_name(rule, name) && spec_filter_action(json_text_of(rule, "action"), &value) &&
                    (value & SECCOMP_RET_ACTION_FULL) == (result & SECCOMP_RET_ACTION_FULL))
                        return bundle_origin(b, "/linux/seccomp/syscalls/%zu", i);
        }
        return bundle_origin(b, "/linux/seccomp/defaultAction");
}

static int answer_result(WhyAnswer *a, const char *name, uint32_t result) {
        switch (result & SECCOMP_RET_ACTION_FULL) {
        case SECCOMP_RET_ALLOW:
        case SECCOMP_RET_LOG:
                return answer_allowed(a, "the filter allows %s%s; whether the kernel does is another question", name,
                                      (result & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG ? ", and logs it" : "");
        case SECCOMP_RET_ERRNO:
                return answer_denied(a, (int) (result & SECCOMP_RET_DATA), BY_FILTER, "the filter denies %s", name);
        case SECCOMP_RET_TRACE:
        case SECCOMP_RET_USER_NOTIF:
                return answer_depends(a, "another program answers %s for the filter", name);
        case SECCOMP_RET_TRAP:
                return answer_denied(a, 0, BY_FILTER, "the filter answers %s with the signal SIGSYS", name);
        default:
                return answer_denied(a, 0, BY_FILTER, "the filter kills the process for %s", name);
        }
}

/* Finds a rule for the call that the question has too few arguments for. */
static bool find_argument_rule(const json_t *rules, const WhyQuestion *q, size_t *ret) {
        for (size_t i = 0; i < json_array_size(rules); i++)
                if (has_name(json_array_get(rules, i), q->object) && needs_more(json_array_get(rules, i), q)) {
                        *ret = i;
                        return true;
                }
        return false;
}

int bundle_why_call(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        const json_t *filter = json_object_get(json_object_get(b->spec->json, "linux"), "seccomp");
        const json_t *rules = json_object_get(filter, "syscalls");
        const struct sock_fprog program = { (unsigned short) b->spec->n_filter, b->spec->filter };
        struct seccomp_data data = { .nr = syscall_number(q->object), .arch = NATIVE_ARCHITECTURE };
        uint32_t result;
        size_t i;
        int r;

        if (!syscall_is_listed(q->object))
                return -EINVAL;
        if (data.nr < 0)
                return answer_denied(a, ENOSYS, BY_FILTER, "this machine has no %s", q->object);
        if (b->policy) {
                r = plan_why(b->policy, q, a);
                free(TAKE_PTR(a->allow));
                a->opens = NULL;
                if (r < 0 || a->verdict == WHY_DENIED)
                        return r;
                why_answer_deinit(a);
        }
        if (!b->spec->filter)
                return answer_allowed(a, "there is no filter; whether the kernel allows %s is another question",
                                      q->object);
        for (unsigned k = 0; k < q->n_arguments; k++)
                data.args[k] = q->arguments[k];
        result = program_answer(&program, &data, NULL);
        answer_origin(a, find_origin(b, rules, q->object, result));
        if (find_argument_rule(rules, q, &i)) {
                answer_origin(a, bundle_origin(b, "/linux/seccomp/syscalls/%zu", i));
                return answer_depends(a, "a rule for %s looks at arguments: ask for %s(ARGUMENT,…)", q->object,
                                      q->object);
        }
        r = answer_result(a, q->object, result);
        if (r < 0 || a->verdict != WHY_DENIED)
                return r;
        return answer_allow(a, "this call, for all programs inside",
                            "{\"names\": [\"%s\"], \"action\": \"SCMP_ACT_ALLOW\"} in /linux/seccomp/syscalls",
                            q->object);
}

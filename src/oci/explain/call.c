/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the filter that the kernel would get, and then looks for the rule behind what it returns. */
#include "oci/explain/call.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "image/json.h"
#include "plan/why/answer.h"
#include "plan/why/why.h"
#include "policy/value/names.h"
#include "util/kernel.h"

/* libseccomp's rules without a match return this. */
static const uint32_t unknown = SECCOMP_RET_KILL_PROCESS;

/* The instructions that libseccomp and the kernel's checker know; a jump leads forwards only. */
static uint32_t run(const struct sock_filter *program, size_t n, const struct seccomp_data *data) {
        uint32_t a = 0, word;

        for (size_t pc = 0; pc < n; pc++) {
                const struct sock_filter *i = &program[pc];

                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        if (i->k > sizeof(*data) - sizeof(word))
                                return unknown;
                        memcpy(&word, (const char *) data + i->k, sizeof(word));
                        a = word;
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        break;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += a == i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        pc += a > i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        pc += a >= i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        pc += a & i->k ? i->jt : i->jf;
                        break;
                case BPF_RET | BPF_K:
                        return i->k;
                default:
                        return unknown;
                }
        }
        return unknown;
}

static uint32_t native(void) {
#if defined(__x86_64__)
        return AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
        return AUDIT_ARCH_AARCH64;
#else
        return 0;
#endif
}

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
                if (json_integer_value(json_object_get(json_array_get(tests, i), "index")) >= q->n_arguments)
                        return true;
        return false;
}

/* The value of seccomp(2) that an action of config.json stands for, without its data. */
static uint32_t value_of(const char *action) {
        static const struct {
                const char *name;
                uint32_t value;
        } actions[] = {
                { "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW }, { "SCMP_ACT_LOG", SECCOMP_RET_LOG },
                { "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO }, { "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
                { "SCMP_ACT_TRACE", SECCOMP_RET_TRACE }, { "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
                { "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD }, { "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
                { "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
        };

        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if (streq(actions[i].name, action ?: ""))
                        return actions[i].value;
        return 0;
}

/* The line of the first rule that names the call and has this action, or else that of the default action. */
static Origin find_origin(Bundle *b, const json_t *rules, const char *name, uint32_t result) {
        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i);
                const uint32_t value = value_of(json_text_of(rule, "action"));

                if (has_name(rule, name) && value == (result & SECCOMP_RET_ACTION_FULL))
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

int bundle_why_call(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        const json_t *filter = json_object_get(json_object_get(b->spec->json, "linux"), "seccomp");
        const json_t *rules = json_object_get(filter, "syscalls");
        struct seccomp_data data = { .nr = syscall_number(q->object), .arch = native() };
        uint32_t result;
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
        for (unsigned i = 0; i < q->n_arguments; i++)
                data.args[i] = q->arguments[i];
        result = run(b->spec->filter, b->spec->n_filter, &data);
        answer_origin(a, find_origin(b, rules, q->object, result));
        for (size_t i = 0; i < json_array_size(rules); i++) {
                const json_t *rule = json_array_get(rules, i);

                if (!has_name(rule, q->object) || !needs_more(rule, q))
                        continue;
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

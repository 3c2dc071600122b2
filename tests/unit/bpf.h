/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Runs programs of classic BPF as the kernel would for seccomp(2), also on machines that cannot load them. */

#include "plan-fixture.h"

#include <linux/seccomp.h>

#include "plan/deny/answer.h"
#include "sandbox/deny/filter.h"

enum { API_KILL_PROCESS = 3 }; /* the level of seccomp_api_set(3) that has SCMP_ACT_KILL_PROCESS */

/* As program_answer(). Fails if the program is broken. */
static inline uint32_t bpf_run(const struct sock_fprog *program, const struct seccomp_data *data, unsigned *steps) {
        const uint32_t answer = program_answer(program, data, steps);

        assert_int_not_equal(answer, PROGRAM_BROKEN);
        return answer;
}

/* Returns the answer of all programs: the lowest action as a signed number. Of equal actions, that of the program that
 * was installed last. */
static inline uint32_t bpf_ask(const Filter *filter, const struct seccomp_data *data, unsigned *steps) {
        uint32_t strictest = SECCOMP_RET_ALLOW;

        for (unsigned i = filter->n; i-- > 0;) {
                uint32_t answer = bpf_run(&filter->programs[i], data, steps);

                if ((int32_t) (answer & SECCOMP_RET_ACTION_FULL) < (int32_t) (strictest & SECCOMP_RET_ACTION_FULL))
                        strictest = answer;
        }
        return strictest;
}

/* What the filter of a plan must answer to a call of the native architecture. */
static inline uint32_t bpf_planned(const Plan *plan, uint32_t number, const uint64_t arguments[6]) {
        const PlanCall *call = NULL;

        for (size_t i = 0; i < plan->n_calls && !call; i++)
                if ((uint32_t) plan->calls[i].number == number)
                        call = &plan->calls[i];
        if (!call)
                return SECCOMP_RET_ERRNO | ENOSYS;
        if (call->error)
                return SECCOMP_RET_ERRNO | (uint32_t) call->error;
        for (size_t i = 0; i < plan->n_argument_rules; i++) {
                const PlanArgumentRule *r = &plan->argument_rules[i];

                if ((uint32_t) r->number == number && plan_rule_matches(r, arguments))
                        return SECCOMP_RET_ERRNO | (uint32_t) r->error;
        }
        return SECCOMP_RET_ALLOW;
}

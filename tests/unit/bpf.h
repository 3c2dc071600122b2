/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Runs programs of classic BPF as the kernel would for seccomp(2), also on machines that cannot load them. */

#include "helper.h"

#include <linux/seccomp.h>

#include "plan/deny/answer.h"
#include "sandbox/deny/filter.h"

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

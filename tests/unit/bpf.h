/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Runs programs of classic BPF as the kernel would for seccomp(2), also on machines that cannot load them. */

#include "helper.h"

#include <linux/seccomp.h>

#include "sandbox/deny/filter.h"

/* Returns the answer of a program. Adds the number of instructions that ran to *steps, which may be NULL. Fails if the
 * program leaves its end, or has an instruction that neither isorun nor libseccomp writes. */
static inline uint32_t bpf_run(const struct sock_fprog *program, const struct seccomp_data *data, unsigned *steps) {
        uint32_t a = 0;
        unsigned ran = 0;

        for (size_t i = 0; i < program->len; i++) {
                const struct sock_filter *s = &program->filter[i];
                bool jump = false;

                ran++;
                switch (s->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        if (s->k % sizeof(a) != 0 || s->k > sizeof(*data) - sizeof(a))
                                fail_msg("instruction %zu loads from %u", i, s->k);
                        memcpy(&a, (const char *) data + s->k, sizeof(a));
                        continue;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= s->k;
                        continue;
                case BPF_RET | BPF_K:
                        if (steps)
                                *steps += ran;
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
                case BPF_JMP | BPF_JSET | BPF_K:
                        jump = a & s->k;
                        break;
                default:
                        fail_msg("instruction %zu is unknown: %#x", i, s->code);
                }
                i += jump ? s->jt : s->jf;
        }
        fail_msg("no instruction returns");
        return 0;
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

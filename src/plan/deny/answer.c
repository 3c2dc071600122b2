/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/answer.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool jumps(uint16_t test, uint32_t a, uint32_t k) {
        switch (test) {
        case BPF_JEQ:
                return a == k;
        case BPF_JGT:
                return a > k;
        case BPF_JGE:
                return a >= k;
        default:
                return a & k;
        }
}

/* Runs one instruction. Returns false if it is unknown. */
static bool run(const struct sock_filter *s, const struct seccomp_data *data, uint32_t *a, size_t *next) {
        switch (s->code) {
        case BPF_LD | BPF_W | BPF_ABS:
                if (s->k % sizeof(*a) != 0 || s->k > sizeof(*data) - sizeof(*a))
                        return false;
                memcpy(a, (const char *) data + s->k, sizeof(*a));
                return true;
        case BPF_ALU | BPF_AND | BPF_K:
                *a &= s->k;
                return true;
        case BPF_JMP | BPF_JA:
                *next += s->k;
                return true;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JSET | BPF_K:
                *next += jumps(BPF_OP(s->code), *a, s->k) ? s->jt : s->jf;
                return true;
        default:
                return false;
        }
}

uint32_t program_answer(const struct sock_fprog *program, const struct seccomp_data *data, unsigned *steps) {
        uint32_t a = 0;

        for (size_t i = 0; i < program->len;) {
                const struct sock_filter *s = &program->filter[i++];

                if (steps)
                        ++*steps;
                if (s->code == (BPF_RET | BPF_K))
                        return s->k;
                if (!run(s, data, &a, &i))
                        break;
        }
        return PROGRAM_BROKEN;
}

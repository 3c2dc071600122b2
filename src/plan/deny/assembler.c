/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/assembler.h"

#include <errno.h>

#include "util/array.h"

/* How far a jump reaches: one less than its field holds, because the long jump for its other target may come
 * between. */
enum { REACH = UINT8_MAX - 1 };

static Label emit(Assembler *a, struct sock_filter instruction) {
        struct sock_filter *slot;

        if (a->error)
                return 0;
        slot = a->n < BPF_MAXINSNS ? ARRAY_APPEND(a->code, a->n) : NULL;
        if (!slot) {
                a->error = a->n < BPF_MAXINSNS ? -ENOMEM : -E2BIG;
                return 0;
        }
        *slot = instruction;
        return (Label) (a->n - 1);
}

/* The instructions between a label and the one that is written next. */
static size_t distance(const Assembler *a, Label label) {
        return a->n - 1 - label;
}

static Label jump(Assembler *a, Label target) {
        return emit(a, (struct sock_filter) BPF_STMT(BPF_JMP | BPF_JA, (uint32_t) distance(a, target)));
}

static Label in_reach(Assembler *a, Label target) {
        return distance(a, target) <= REACH ? target : jump(a, target);
}

/* A label to which the next instruction falls through. */
static void fall_through(Assembler *a, Label next) {
        if (distance(a, next) > 0)
                jump(a, next);
}

Label assemble_return(Assembler *a, uint32_t action) {
        const unsigned n = a->n_answers < ELEMENTSOF(a->answers) ? a->n_answers : ELEMENTSOF(a->answers);
        Answer *slot = &a->answers[a->n_answers % ELEMENTSOF(a->answers)];

        for (unsigned i = 0; i < n; i++)
                if (a->answers[i].action == action) {
                        if (distance(a, a->answers[i].label) <= REACH)
                                return a->answers[i].label;
                        slot = &a->answers[i];
                }
        a->n_answers += slot == &a->answers[a->n_answers % ELEMENTSOF(a->answers)];
        *slot = (Answer) { action, emit(a, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, action)) };
        return slot->label;
}

Label assemble_if(Assembler *a, uint16_t test, uint32_t value, Label yes, Label no) {
        if (yes == no)
                return yes;
        yes = in_reach(a, yes);
        no = in_reach(a, no);
        return emit(a, (struct sock_filter) BPF_JUMP(BPF_JMP | test | BPF_K, value, (uint8_t) distance(a, yes),
                                                     (uint8_t) distance(a, no)));
}

Label assemble_load(Assembler *a, size_t offset, Label next) {
        fall_through(a, next);
        return emit(a, (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t) offset));
}

Label assemble_and(Assembler *a, uint32_t mask, Label next) {
        fall_through(a, next);
        return emit(a, (struct sock_filter) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
}

int assemble_finish(Assembler *a, struct sock_filter **ret, size_t *ret_n) {
        struct sock_filter *code = TAKE_PTR(a->code);

        if (a->error) {
                free(code);
                return a->error;
        }
        for (size_t i = 0; i < a->n / 2; i++) {
                struct sock_filter swapped = code[i];

                code[i] = code[a->n - 1 - i];
                code[a->n - 1 - i] = swapped;
        }
        *ret = code;
        *ret_n = a->n;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes a program of classic BPF from its end to its beginning.
 *
 * BPF jumps only forward, and a conditional jump reaches at most 255 instructions. Because the targets of an
 * instruction are written before it, each distance is known when it is used, and nothing is patched later. If a target
 * is too far, the assembler writes a long jump to it. Each function says where the program goes on; nothing falls
 * through. So a caller cannot write a wrong distance. */

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned Label; /* an instruction: how many instructions are between it and the end */

typedef struct Answer {
        uint32_t action;
        Label label;
} Answer;

typedef struct Assembler {
        struct sock_filter *code; /* the last instruction is the first element */
        size_t n;
        int error; /* the first error, as a negative errno; the labels mean nothing then */
        Answer answers[8]; /* returns that others may share */
        unsigned n_answers;
} Assembler;

/* Returns SECCOMP_RET_*. Equal answers share one instruction if it is near enough. */
Label assemble_return(Assembler *a, uint32_t action);

/* Compares the accumulator with a value: BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET. */
Label assemble_if(Assembler *a, uint16_t test, uint32_t value, Label yes, Label no);

/* Loads 32 bits of struct seccomp_data into the accumulator. */
Label assemble_load(Assembler *a, size_t offset, Label next);

Label assemble_and(Assembler *a, uint32_t mask, Label next);

/* Gives the program, beginning with the instruction that was written last, to the caller, who frees it. The assembler
 * is empty then. Returns 0, -E2BIG if the program is too long for the kernel, or -ENOMEM. */
int assemble_finish(Assembler *a, struct sock_filter **ret, size_t *ret_n);

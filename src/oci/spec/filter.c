/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/spec/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

enum {
        BLOCK = 6,
        SPECIAL = 0x40000000, /* from here on: numbers of x32, and -1 */
};

/* Each jump counts from the next instruction. end is how many follow this block. */
static void write_block(struct sock_filter block[static BLOCK], const NewestCall *call, uint32_t end) {
        const struct sock_filter code[BLOCK] = {
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->architecture, 0, BLOCK - 1),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SPECIAL, 2, 0),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t) call->number, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                BPF_STMT(BPF_JMP | BPF_JA, end),
        };

        memcpy(block, code, sizeof(code));
}

int filter_answer_newer(Spec *ret, const NewestCall *newest, size_t n) {
        const size_t added = 1 + n * BLOCK;
        struct sock_filter *filter = calloc(added + ret->n_filter, sizeof(*filter));

        if (!filter)
                return -ENOMEM;
        filter[0] = (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
        for (size_t i = 0; i < n; i++)
                write_block(&filter[1 + i * BLOCK], &newest[i], (uint32_t) ((n - 1 - i) * BLOCK));
        if (ret->n_filter > 0)
                memcpy(filter + added, ret->filter, ret->n_filter * sizeof(*filter));
        free(ret->filter);
        ret->filter = filter;
        ret->n_filter += added;
        return 0;
}

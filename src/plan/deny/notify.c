/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deny/notify.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "plan/deny/answer.h"
#include "plan/deny/watch.h"
#include "policy/value/names.h"

#define LOW_HALF(n) (offsetof(struct seccomp_data, args[n]) + \
                     (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) * sizeof(uint32_t))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define IF(test, value, yes, no) BPF_JUMP(BPF_JMP | (test) | BPF_K, (value), (yes), (no))
#define RETURN(answer) BPF_STMT(BPF_RET | BPF_K, (answer))

/* What comes before the plan's program. */
static const struct sock_filter no_listener[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        IF(BPF_JEQ, SYS_seccomp, 0, 3),
        LOAD(LOW_HALF(1)),
        IF(BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0, 1),
        RETURN(SECCOMP_RET_ERRNO | EBUSY),
};

/* The second program is about the calls that pass here, also those of other architectures. */
static const struct sock_filter pass_sending[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        IF(BPF_JEQ, SYS_sendmsg, 3, 0),
        IF(BPF_JEQ, SYS_seccomp, 0, 4),
        LOAD(LOW_HALF(1)),
        IF(BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ERRNO | EBUSY),
};

static const struct sock_filter only_sending[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        IF(BPF_JEQ, SYS_sendmsg, 2, 0),
        IF(BPF_JEQ, SYS_seccomp, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
};

static uint32_t keep(uint32_t answer) {
        return answer;
}

static uint32_t notify(uint32_t answer) {
        return watch_is_denial(answer) ? SECCOMP_RET_USER_NOTIF : answer;
}

/* Writes a program of a beginning and the plan's program, with the answers that change() makes of it. */
static int join(const Plan *plan, const struct sock_filter *head, size_t n_head, uint32_t (*change)(uint32_t),
                struct sock_fprog *ret) {
        const size_t n = n_head + plan->n_program;
        struct sock_filter *code;

        if (n > BPF_MAXINSNS)
                return -E2BIG;
        code = calloc(n, sizeof(*code));
        if (!code)
                return -ENOMEM;
        memcpy(code, head, n_head * sizeof(*code));
        memcpy(code + n_head, plan->program, plan->n_program * sizeof(*code));
        for (size_t i = n_head; i < n; i++)
                if (code[i].code == (BPF_RET | BPF_K))
                        code[i].k = change(code[i].k);
        *ret = (struct sock_fprog) { (unsigned short) n, code };
        return 0;
}

static bool can_send(const Plan *plan) {
        const struct sock_fprog program = { (unsigned short) plan->n_program, plan->program };
        const struct seccomp_data data = { .nr = SYS_sendmsg, .arch = NATIVE_ARCHITECTURE,
                                           .args = { [2] = MSG_NOSIGNAL } };

        return program_answer(&program, &data, NULL) == SECCOMP_RET_ALLOW;
}

int notify_programs(const Plan *plan, struct sock_fprog ret[static 2]) {
        struct sock_fprog first;
        int r;

        if (can_send(plan)) {
                r = join(plan, no_listener, ELEMENTSOF(no_listener), notify, &ret[0]);
                return r < 0 ? r : 1;
        }
        r = join(plan, pass_sending, ELEMENTSOF(pass_sending), notify, &first);
        if (r < 0)
                return r;
        r = join(plan, only_sending, ELEMENTSOF(only_sending), keep, &ret[1]);
        if (r < 0) {
                free(first.filter);
                return r;
        }
        ret[0] = first;
        return 2;
}

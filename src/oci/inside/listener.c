/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From seccomp(2) on, each call of this process may wait for an agent that does not have the fd yet. So a thread
 * without the filter sends it. This process tells the thread the number by write(2), and makes no other call before.
 *
 * Then it closes fds and waits for the thread, by close(2), and in pthread_join(3) by futex(2). If the filter or the
 * agent denies futex(2), glibc ends this process. isorun-oci then thinks that the command was executed, and has ended.
 */
#include "oci/inside/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "plan/plan.h"
#include "util/fd.h"
#include "util/kernel.h"
#include "util/thread.h"

typedef struct Sender {
        int socket;
        int numbers; /* a pipe, from which the number of the fd comes */
        atomic_int error; /* why none comes, although there is a filter */
} Sender;

/* Returns whether there is a filter, or -errno. */
static int receive_number(const Sender *s, int *ret) {
        struct pollfd number = { .fd = s->numbers, .events = POLLIN };
        enum { INTERVAL_MSEC = 100 };

        while (poll(&number, 1, INTERVAL_MSEC) == 0)
                if (s->error)
                        return -s->error;
        return TEMP_FAILURE_RETRY(read(s->numbers, ret, sizeof(*ret))) == sizeof(*ret);
}

/* Without an agent, this process must not go on. If it only ended, isorun-oci would think that it had executed the
 * command. */
static void *send_listener(void *userdata) {
        const Message m = { .type = MESSAGE_LOGGING };
        const Sender *s = userdata;
        Message answer = {};
        Failure f = {};
        int fd, r;

        r = receive_number(s, &fd);
        if (r == 0)
                return NULL;
        if (r > 0)
                r = message_send(s->socket, &m, &fd, 1);
        if (r < 0) {
                (void) fail(&f, -r, "cannot send the filter to isorun-oci");
                (void) message_send(s->socket, &f.message, NULL, 0);
        } else
                r = message_receive(s->socket, MESSAGE_TO_INSIDE, &answer, NULL, 0);
        if (r < 0 || answer.type != MESSAGE_WATCHED)
                _exit(PLAN_FAILED);
        return NULL;
}

/* A filter may make any call do nothing, also write(2) and exit_group(2). Then this process waits without a call until
 * the thread has ended it. */
static int install(const Spec *spec, int numbers, Sender *sender) {
        const struct sock_fprog program = { (unsigned short) spec->n_filter, spec->filter };
        int fd = sys_seccomp(SECCOMP_SET_MODE_FILTER, spec->filter_flags | SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);

        if (fd < 0)
                return -errno;
        errno = 0;
        if (write(numbers, &fd, sizeof(fd)) != sizeof(fd)) {
                sender->error = errno ?: EIO;
                for (;;)
                        atomic_thread_fence(memory_order_seq_cst);
        }
        return fd;
}

int listener_install(const Spec *spec, int socket, Failure *f) {
        Sender sender = { .socket = socket };
        pthread_t thread;
        int fds[2], fd, r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return fail(f, errno, "cannot make a pipe");
        sender.numbers = fds[0];
        r = thread_begin(&thread, send_listener, &sender);
        if (r < 0) {
                fds_close(fds, ELEMENTSOF(fds));
                return fail(f, -r, "cannot make a thread");
        }
        fd = install(spec, fds[1], &sender);
        fd_close(fds[1]);
        (void) pthread_join(thread, NULL);
        fd_close(fds[0]);
        if (fd < 0)
                return fail(f, -fd, "cannot install the system call filter");
        fd_close(fd);
        return 0;
}

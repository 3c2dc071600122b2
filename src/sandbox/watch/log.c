/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plan/deny/answer.h"
#include "sandbox/flows/record.h"
#include "sandbox/watch/explain.h"
#include "util/fd.h"
#include "util/process.h"

bool denial_record_is_good(const DenialRecord *r) {
        return explain_call_name(r->number) && r->error > 0 && strerrorname_np(r->error) && r->count > 0;
}

/* The errno of the plan's filter. A call that the filter does not deny should not come here; it is denied, too. */
static int error_of(const Plan *plan, const struct seccomp_data *data) {
        const struct sock_fprog program = { (unsigned short) plan->n_program, plan->program };
        const uint32_t answer = program_answer(&program, data, NULL);

        return watch_is_denial(answer) ? (int) (answer & SECCOMP_RET_DATA) : EPERM;
}

/* If isorun does not read, the record is lost. */
static void note(Denials *denials, const struct seccomp_data *data, int error, int socket) {
        Denial denial = { .number = data->nr, .error = error, .by_filter = true };
        DenialRecord record = { .number = data->nr, .error = error };
        const Denial *known;

        memcpy(denial.arguments, data->args, sizeof(denial.arguments));
        known = denials_add(denials, &denial);
        if (!known || !record_is_due(known->count))
                return;
        record.count = known->count;
        memcpy(record.arguments, known->arguments, sizeof(record.arguments));
        (void) send(socket, &record, sizeof(record), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Sends the record first: isorun then has it before the payload can end. The payload may be killed at any time, and its
 * call is gone then (ENOENT). */
static int answer(const Plan *plan, Denials *denials, int listener, int socket) {
        struct seccomp_notif call = {};
        struct seccomp_notif_resp response = {};
        int error;

        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
                return errno == ENOENT || errno == EINTR ? 0 : -errno;
        error = error_of(plan, &call.data);
        note(denials, &call.data, error, socket);
        response = (struct seccomp_notif_resp) { .id = call.id, .error = -error };
        return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT ? -errno : 0;
}

static int serve(const Plan *plan, Denials *denials, int listener, int socket) {
        struct pollfd fds[] = { { .fd = listener, .events = POLLIN }, { .fd = socket } };
        int r = 0;

        while (r >= 0 && TEMP_FAILURE_RETRY(poll(fds, ELEMENTSOF(fds), -1)) > 0) {
                if (fds[1].revents || (fds[0].revents && !(fds[0].revents & POLLIN)))
                        return 0;
                r = answer(plan, denials, listener, socket);
        }
        return r;
}

/* The listener is fd 3 then, and the socket fd 4. */
static int keep_fds(int listener, int socket) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC), first = fcntl(listener, F_DUPFD_CLOEXEC, 5),
                  second = fcntl(socket, F_DUPFD_CLOEXEC, 5);

        if (null < 0 || first < 0 || second < 0)
                return -errno;
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                if (dup2(null, fd) < 0)
                        return -errno;
        if (dup3(first, 3, O_CLOEXEC) < 0 || dup3(second, 4, O_CLOEXEC) < 0)
                return -errno;
        return close_range(5, ~0U, 0) < 0 ? -errno : 0;
}

void denial_log_main(const Plan *plan, int listener, int socket) {
        _cleanup_(denials_freep) Denials *denials = denials_new();
        int r;

        process_begin_helper("isorun-denials");
        r = denials ? keep_fds(listener, socket) : -ENOMEM;
        if (r >= 0 && chdir("/") < 0)
                r = -errno;
        (void) send(r < 0 ? socket : 4, &(int) { -r }, sizeof(int), MSG_NOSIGNAL);
        if (r >= 0)
                r = serve(plan, denials, 3, 4);
        _exit(r < 0);
}

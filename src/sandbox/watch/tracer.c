/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tracer of isorun --why. What it must hold, is in plan/deny/watch.h. */
#include "sandbox/watch/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "plan/deny/answer.h"
#include "policy/value/names.h"
#include "sandbox/watch/tracee.h"

enum {
        NUMBERS = 1024, /* more than the kernel has calls */
        SETS = 512,
        WAYS = 8,
};

/* A thread that is in a call whose result is watched. */
typedef struct InCall {
        pid_t tid; /* 0: free */
        int number;
        uint64_t arguments[DENIAL_ARGUMENTS];
} InCall;

typedef struct Tracer {
        const Plan *plan;
        Denials *denials;
        uint8_t places[NUMBERS]; /* in watched_calls, from 1 */
        InCall calls[SETS][WAYS]; /* if a set is full, the result of one of its calls is not watched */
} Tracer;

int tracer_attach(pid_t pid) {
        return tracee_do(PTRACE_SEIZE, pid, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD |
                                                    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE);
}

static InCall *find_call(Tracer *t, pid_t tid) {
        InCall *set = t->calls[(unsigned) tid % SETS];

        for (size_t i = 0; i < WAYS; i++)
                if (set[i].tid == tid)
                        return &set[i];
        return NULL;
}

static InCall *make_call(Tracer *t, pid_t tid) {
        InCall *set = t->calls[(unsigned) tid % SETS], *found = find_call(t, tid);

        for (size_t i = 0; !found && i < WAYS; i++)
                if (!set[i].tid)
                        found = &set[i];
        return found ?: &set[(unsigned) tid / SETS % WAYS];
}

static const WatchedCall *find_watched(const Tracer *t, int number) {
        return number >= 0 && number < NUMBERS && t->places[number] ? &watched_calls[t->places[number] - 1] : NULL;
}

static int resume(int request, pid_t tid, int sig) {
        return tracee_do(request, tid, (uint64_t) sig);
}

static int deny(Tracer *t, pid_t tid, const struct seccomp_data *data, int error) {
        Denial denial = { .number = data->nr, .error = error, .by_filter = true };
        int r = tracee_cancel_call(tid, error);

        if (r < 0)
                return r;
        memcpy(denial.arguments, data->args, sizeof(denial.arguments));
        denials_add(t->denials, &denial);
        return resume(PTRACE_CONT, tid, 0);
}

/* The call that only a filter of the payload has stopped fails, as it would without a tracer. */
static int allow(Tracer *t, pid_t tid, const struct seccomp_data *data, uint32_t stopped_by) {
        InCall *call;
        int r;

        if (stopped_by != WATCH_DATA || !find_watched(t, data->nr)) {
                r = tracee_cancel_call(tid, ENOSYS);
                return r < 0 ? r : resume(PTRACE_CONT, tid, 0);
        }
        call = make_call(t, tid);
        *call = (InCall) { .tid = tid, .number = data->nr };
        memcpy(call->arguments, data->args, sizeof(call->arguments));
        return resume(PTRACE_SYSCALL, tid, 0);
}

static int enter_call(Tracer *t, pid_t tid) {
        const struct sock_fprog program = { (unsigned short) t->plan->n_program, t->plan->program };
        struct seccomp_data data = {};
        struct __ptrace_syscall_info info;
        uint32_t answer;
        int r = tracee_get_call(tid, &info);

        if (r < 0)
                return r;
        if (info.op != PTRACE_SYSCALL_INFO_SECCOMP)
                return -EPROTO;
        data.nr = (int) info.seccomp.nr;
        data.arch = info.arch;
        data.instruction_pointer = info.instruction_pointer;
        memcpy(data.args, info.seccomp.args, sizeof(data.args));
        answer = program_answer(&program, &data, NULL);
        switch (answer & SECCOMP_RET_ACTION_FULL) {
        case SECCOMP_RET_ALLOW:
                return allow(t, tid, &data, info.seccomp.ret_data);
        case SECCOMP_RET_ERRNO:
                return deny(t, tid, &data, (int) (answer & SECCOMP_RET_DATA));
        default:
                return -EPROTO; /* the kernel would not have stopped it here */
        }
}

/* Errnos that a sandbox causes. */
static bool is_telling(int error) {
        static const int errors[] = { EROFS, EACCES, EPERM, ENOENT, EBUSY, ENETUNREACH, ECONNREFUSED, ECONNRESET,
                                      EADDRINUSE };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++)
                if (errors[i] == error)
                        return true;
        return false;
}

static WatchedUse use_of_open(uint64_t flags) {
        if ((flags & O_TMPFILE) == O_TMPFILE || flags & O_CREAT)
                return USE_CREATE_OPEN;
        if ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC)
                return USE_ATTRIBUTES;
        return flags & O_PATH ? USE_LOOK : USE_READ;
}

static WatchedUse use_of(pid_t tid, const WatchedCall *w, const InCall *call) {
        uint64_t flags = 0;

        if (w->use != USE_OPEN)
                return w->use;
        if (w->flags >= 0)
                flags = call->arguments[w->flags];
        else
                (void) tracee_read_number(tid, call->arguments[w->path + 1], &flags); /* struct open_how */
        return use_of_open(flags);
}

/* What the call uses: a path or an address. */
static bool read_object(pid_t tid, const WatchedCall *w, const InCall *call, char ret[static PATH_MAX]) {
        const int fd = w->directory >= 0 ? (int) call->arguments[w->directory] : AT_FDCWD;

        switch (w->use) {
        case USE_CAPABILITY:
                ret[0] = '\0';
                return true;
        case USE_CONNECT:
        case USE_BIND:
                return tracee_read_address(tid, fd, call->arguments[w->path], call->arguments[w->path + 1], ret);
        default:
                return tracee_read_path(tid, fd, call->arguments[w->path], ret);
        }
}

static void note_failed(Tracer *t, pid_t tid, const InCall *call, int error) {
        const WatchedCall *w = find_watched(t, call->number);
        char path[PATH_MAX];
        const Denial denial = { .number = call->number, .error = error, .use = use_of(tid, w, call), .path = path };

        if (read_object(tid, w, call, path))
                denials_add(t->denials, &denial);
}

static int leave_call(Tracer *t, pid_t tid) {
        InCall *call = find_call(t, tid);
        struct __ptrace_syscall_info info;
        int r = tracee_get_call(tid, &info);

        if (r < 0)
                return r;
        if (call && info.op == PTRACE_SYSCALL_INFO_EXIT && info.exit.is_error && is_telling((int) -info.exit.rval))
                note_failed(t, tid, call, (int) -info.exit.rval);
        if (call)
                call->tid = 0;
        return resume(PTRACE_CONT, tid, 0);
}

static bool stops_group(int sig) {
        return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static int take_stop(Tracer *t, pid_t tid, int status) {
        const int sig = WSTOPSIG(status), event = status >> 16;

        if (event == PTRACE_EVENT_SECCOMP)
                return enter_call(t, tid);
        if (sig == (SIGTRAP | 0x80)) /* PTRACE_O_TRACESYSGOOD */
                return leave_call(t, tid);
        /* A stopped process stays stopped, and shows its parent the end of that. */
        if (event == PTRACE_EVENT_STOP && stops_group(sig))
                return resume(PTRACE_LISTEN, tid, 0);
        return resume(PTRACE_CONT, tid, event ? 0 : sig);
}

static void find_numbers(Tracer *t) {
        for (const WatchedCall *c = watched_calls; c->name; c++) {
                const int number = syscall_number(c->name);

                if (number >= 0 && number < NUMBERS)
                        t->places[number] = (uint8_t) (c - watched_calls + 1);
        }
}

static int run(Tracer *t) {
        int status, r = 0;
        pid_t tid;

        while (r >= 0 && (tid = (pid_t) TEMP_FAILURE_RETRY(waitpid(-1, &status, __WALL))) > 0) {
                InCall *call;

                if (WIFSTOPPED(status)) {
                        r = take_stop(t, tid, status);
                        r = r == -ESRCH ? 0 : r; /* it has been killed */
                } else if ((call = find_call(t, tid)))
                        call->tid = 0;
        }
        return r < 0 ? r : errno == ECHILD ? 0 : -errno;
}

int tracer_run(const Plan *plan, Denials *denials) {
        _cleanup_free_ Tracer *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        t->plan = plan;
        t->denials = denials;
        find_numbers(t);
        return run(t);
}

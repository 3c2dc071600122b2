/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tracer of isorun --why. What it must hold, is in plan/deny/watch.h. */
#include "sandbox/watch/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "plan/deny/answer.h"
#include "plan/record/peers.h"
#include "plan/record/setting.h"
#include "policy/value/names.h"
#include "sandbox/watch/marks.h"
#include "sandbox/watch/names.h"
#include "sandbox/watch/tracee.h"
#include "util/text.h"

enum {
        NUMBERS = 1024, /* more than the kernel has calls */
        SETS = 512,
        SENT_BY_FILTER = 1, /* SYS_SECCOMP of sigaction(2), which glibc does not define */
        WAYS = 8,
};

/* A thread that is in a call whose result is watched. */
typedef struct InCall {
        pid_t tid; /* 0: free */
        int number;
        uint64_t arguments[DENIAL_ARGUMENTS];
} InCall;

/* A process that SIGSYS ends. */
typedef struct End {
        pid_t process; /* 0: free */
        bool is_noted; /* a filter killed it; or else somebody has sent the signal */
} End;

typedef struct Tracer {
        const Plan *plan;
        Denials *denials;
        Record *record; /* NULL: what is used does not count */
        bool names;     /* names that are looked up count, too */
        Marks *marks;   /* NULL: the capabilities do not count, or the payload has none */
        struct {
                pid_t tid; /* 0: free */
                char name[TRACEE_PROGRAM_SIZE];
        } programs[SETS]; /* the names of threads */
        bool executed; /* the command */
        End ends[SETS];
        uint8_t places[NUMBERS]; /* in watched_calls, from 1 */
        InCall calls[SETS][WAYS]; /* if a set is full, the result of one of its calls is not watched */
} Tracer;

int tracer_attach(pid_t pid) {
        return tracee_do(PTRACE_SEIZE, pid, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD |
                                                    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                                                    PTRACE_O_TRACEEXIT);
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

static End *end_of(Tracer *t, pid_t process) {
        return &t->ends[(unsigned) process % SETS];
}

static const WatchedCall *find_watched(const Tracer *t, int number) {
        return number >= 0 && number < NUMBERS && t->places[number] ? &watched_calls[t->places[number] - 1] : NULL;
}

static int resume(int request, pid_t tid, int sig) {
        return tracee_do(request, tid, (uint64_t) sig);
}

static int directory_of(int8_t argument, const uint64_t arguments[static DENIAL_ARGUMENTS]) {
        return argument >= 0 ? (int) arguments[argument] : AT_FDCWD;
}

/* The name is read again after the calls that may change it. Before the command is executed, it is isorun's. */
static const char *program_of(Tracer *t, pid_t tid) {
        typeof(t->programs[0]) *p = &t->programs[(unsigned) tid % SETS];

        if (!t->executed)
                return "";
        if (p->tid != tid) {
                p->tid = tid;
                tracee_read_program(tid, p->name);
        }
        return p->name;
}

static void forget_program(Tracer *t, pid_t tid) {
        t->programs[(unsigned) tid % SETS].tid = 0;
}

/* Before the call. */
static void note_call(Tracer *t, pid_t tid, const struct seccomp_data *data, const WatchedCall *w) {
        uint64_t arguments[DENIAL_ARGUMENTS];
        char path[PATH_MAX];

        memcpy(arguments, data->args, sizeof(arguments));
        record_call(t->record, data->nr, program_of(t, tid));
        if (data->nr == SYS_socket || data->nr == SYS_socketpair)
                record_family(t->record, arguments[0], program_of(t, tid));
        if (data->nr == SYS_prctl)
                forget_program(t, tid);
        if (data->nr != SYS_execve && data->nr != SYS_execveat)
                return;
        if (tracee_read_path(tid, directory_of(w->directory, arguments), arguments[w->path], path))
                record_note(t->record, path, USED_EXECUTE, program_of(t, tid));
        forget_program(t, tid);
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
        const WatchedCall *w = find_watched(t, data->nr);
        InCall *call;
        int r;

        if (stopped_by != WATCH_DATA || !(w || t->record)) {
                r = tracee_cancel_call(tid, ENOSYS);
                return r < 0 ? r : resume(PTRACE_CONT, tid, 0);
        }
        marks_before(t->marks, tid, data->nr, t->executed, program_of(t, tid));
        if (t->record)
                note_call(t, tid, data, w);
        if (!w && !marks_want(t->marks, data->nr) && !(t->names && data->nr == SYS_recvfrom))
                return resume(PTRACE_CONT, tid, 0);
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
        if (info.op == PTRACE_SYSCALL_INFO_NONE) /* killed since: it now stops at its end, which comes by itself */
                return -ESRCH;
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
                                      EADDRINUSE, EMFILE };

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
        const int fd = directory_of(w->directory, call->arguments);

        switch (w->use) {
        case USE_CAPABILITY:
                ret[0] = '\0';
                return true;
        case USE_CONNECT:
        case USE_BIND:
                if (w->in_header)
                        return tracee_read_header(tid, fd, call->arguments[w->path], ret);
                return tracee_read_address(tid, fd, call->arguments[w->path], call->arguments[w->path + 1], ret);
        default:
                return tracee_read_path(tid, fd, call->arguments[w->path], ret);
        }
}

static bool read_other(pid_t tid, const WatchedCall *w, const InCall *call, char ret[static PATH_MAX]) {
        return w->other > 0 && tracee_read_path(tid, directory_of(w->other_directory, call->arguments),
                                                call->arguments[w->other - 1], ret);
}

/* A call with two paths may fail because of either. */
static void note_failed(Tracer *t, pid_t tid, const InCall *call, int error) {
        const WatchedCall *w = find_watched(t, call->number);
        char path[PATH_MAX];
        Denial denial = { .number = call->number, .error = error, .path = path };

        if (error == EMFILE) {
                denial.use = USE_LIMIT;
                path[0] = '\0';
                denials_add(t->denials, &denial);
                return;
        }
        denial.use = use_of(tid, w, call);
        if (read_object(tid, w, call, path))
                denials_add(t->denials, &denial);
        denial.use = w->use == USE_RENAME ? USE_CREATE : USE_LOOK;
        if (read_other(tid, w, call, path))
                denials_add(t->denials, &denial);
}

/* What a call that has not failed means for its path. */
static unsigned used_as(WatchedUse use) {
        static const unsigned table[] = {
                [USE_LOOK] = USED_LOOK,
                [USE_READ] = USED_READ,
                [USE_CREATE_OPEN] = USED_MAKE,
                [USE_ATTRIBUTES] = USED_WRITE,
                [USE_CREATE] = USED_MAKE,
                [USE_REMOVE] = USED_MAKE,
                [USE_RENAME] = USED_MAKE,
                [USE_EXECUTE] = USED_LOOK, /* chdir(2); a program is noted before it replaces the memory */
                [USE_CONNECT] = USED_CONNECT,
        };

        return table[use];
}

/* O_TMPFILE names the directory. */
static bool makes_nameless(const WatchedCall *w, const InCall *call) {
        return w->use == USE_OPEN && w->flags >= 0 && (call->arguments[w->flags] & O_TMPFILE) == O_TMPFILE;
}

/* sendmmsg(2) has an array of headers. It has sent so many of them. */
static void note_messages(Tracer *t, pid_t tid, const InCall *call, int64_t n_sent) {
        enum { MESSAGES_MAX = 64 };
        char address[PATH_MAX];

        for (int64_t i = 1; i < n_sent && i < MESSAGES_MAX; i++)
                if (tracee_read_header(tid, (int) call->arguments[0],
                                       call->arguments[1] + (uint64_t) i * sizeof(struct mmsghdr), address))
                        record_note(t->record, address, USED_CONNECT, program_of(t, tid));
}

/* A socket that is bound to port 0 gets another one. */
static void complete_port(pid_t tid, const InCall *call, char address[static PATH_MAX]) {
        char *colon = strrchr(address, ':');
        const bool udp = endswith(address, "/udp");

        if (colon && colon[1] == '0')
                snprintf(colon, PATH_MAX - (size_t) (colon - address), ":%u%s",
                         tracee_get_port(tid, (int) call->arguments[0]), udp ? "/udp" : "");
}

/* A call that has failed, too, has seen that its file is there, unless it says the opposite. */
static void note_used(Tracer *t, pid_t tid, const InCall *call, const WatchedCall *w, int64_t result) {
        const int error = result < 0 ? (int) -result : 0;
        const bool ok = !error || error == EINPROGRESS, there = error != ENOENT && error != ENOTDIR && error != EFAULT;
        char path[PATH_MAX];
        unsigned use;

        if (w->use == USE_CAPABILITY || (!ok && !there))
                return;
        use = !ok ? USED_LOOK : w->use == USE_BIND ? USED_BIND : used_as(use_of(tid, w, call));
        if (read_object(tid, w, call, path)) {
                if (use == USED_BIND && path[0] == '/')
                        use = USED_MAKE;
                if (use == USED_BIND)
                        complete_port(tid, call, path);
                if (makes_nameless(w, call))
                        use = USED_WRITE;
                record_note(t->record, path, use, program_of(t, tid));
        }
        if (call->number == SYS_sendmmsg && ok)
                note_messages(t, tid, call, result);
        if (read_other(tid, w, call, path))
                record_note(t->record, path, ok && w->use == USE_RENAME ? USED_MAKE : USED_LOOK, program_of(t, tid));
}

typedef struct Asker {
        Tracer *tracer;
        pid_t tid;
} Asker;

static void note_name(void *userdata, const char *name, const char *address) {
        const Asker *a = userdata;
        _cleanup_free_ char *key = format("%c%s=%s", RECORD_NAME, name, address);

        if (key)
                record_note(a->tracer->record, key, USED_LOOK, program_of(a->tracer, a->tid));
}

static void note_answer(Tracer *t, pid_t tid, const InCall *call, int64_t size) {
        uint8_t answer[ANSWER_MAX];
        const size_t n = tracee_read_bytes(tid, call->arguments[1], answer,
                                           size < ANSWER_MAX ? (size_t) size : ANSWER_MAX);

        names_of_answer(answer, n, note_name, &(Asker) { t, tid });
}

static int leave_call(Tracer *t, pid_t tid) {
        InCall *call = find_call(t, tid);
        const WatchedCall *w = call ? find_watched(t, call->number) : NULL;
        struct __ptrace_syscall_info info;
        int r = tracee_get_call(tid, &info), error;

        if (r < 0)
                return r;
        if (call && info.op == PTRACE_SYSCALL_INFO_EXIT) {
                error = info.exit.is_error ? (int) -info.exit.rval : 0;
                marks_after(t->marks, tid, call->number, !error, t->executed, program_of(t, tid));
                if (t->names && call->number == SYS_recvfrom && !error && info.exit.rval > 0)
                        note_answer(t, tid, call, info.exit.rval);
                if (w && is_telling(error))
                        note_failed(t, tid, call, error);
                if (w && t->record)
                        note_used(t, tid, call, w, info.exit.is_error || info.exit.rval > 0 ? info.exit.rval : 0);
                t->executed = t->executed || (!error && (call->number == SYS_execve || call->number == SYS_execveat));
        }
        if (call)
                call->tid = 0;
        return resume(PTRACE_CONT, tid, 0);
}

/* A filter kills at once, or sends SIGSYS itself. If somebody else has sent it, no call is to be named. */
static void note_signal(Tracer *t, pid_t tid) {
        const pid_t process = tracee_get_process(tid, NULL);
        siginfo_t info;

        if (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) >= 0 && info.si_code != SENT_BY_FILTER)
                *end_of(t, process) = (End) { process, false };
}

/* All threads of a process that a filter kills end with SIGSYS, and in any order. The one that made the call is certain
 * if it was alone, or if the architecture is another one: such a call kills at once. */
static void note_death(Tracer *t, pid_t tid) {
        unsigned long status = 0;
        uint32_t architecture;
        bool is_alone, again;
        pid_t process;
        int number;
        End *end;

        if (ptrace(PTRACE_GETEVENTMSG, tid, NULL, &status) < 0 || (status & 0x7f) != SIGSYS ||
            tracee_get_last_call(tid, &number, &architecture) < 0)
                return;
        process = tracee_get_process(tid, &is_alone);
        end = end_of(t, process);
        if (architecture == NATIVE_ARCHITECTURE && end->process == process)
                return;
        again = end->process == process && end->is_noted;
        *end = (End) { process, true };
        denials_add_death(t->denials, architecture != NATIVE_ARCHITECTURE || is_alone ? number : -1, architecture,
                          again);
}

static bool stops_group(int sig) {
        return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static bool is_new_thread(int event) {
        return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;
}

static int take_stop(Tracer *t, pid_t tid, int status) {
        const int sig = WSTOPSIG(status), event = status >> 16;

        if (event == PTRACE_EVENT_SECCOMP)
                return enter_call(t, tid);
        if (sig == (SIGTRAP | 0x80)) /* PTRACE_O_TRACESYSGOOD */
                return leave_call(t, tid);
        if (!event && sig == SIGSYS)
                note_signal(t, tid);
        if (t->record && is_new_thread(event))
                record_thread(t->record, false);
        if (event == PTRACE_EVENT_EXIT) {
                note_death(t, tid);
                marks_end(t->marks, tid, t->executed, program_of(t, tid));
        }
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
                        continue;
                }
                forget_program(t, tid);
                if (t->record)
                        record_thread(t->record, true);
                marks_forget(t->marks, tid);
                if (end_of(t, tid)->process == tid)
                        *end_of(t, tid) = (End) {};
                if ((call = find_call(t, tid)))
                        call->tid = 0;
        }
        return r < 0 ? r : errno == ECHILD ? 0 : -errno;
}

int tracer_run(const Plan *plan, Denials *denials, Record *record) {
        _cleanup_free_ Tracer *t = calloc(1, sizeof(*t));
        _cleanup_(marks_freep) Marks *marks =
                record && (plan->bounding | plan->ambient) ? marks_new(plan, record) : NULL;

        if (!t || (!marks && record && (plan->bounding | plan->ambient)))
                return -ENOMEM;
        t->plan = plan;
        t->denials = denials;
        t->record = record;
        t->marks = marks;
        t->names = record && policy_is_permissive(plan->source);
        find_numbers(t);
        if (record)
                record_thread(record, false);
        return run(t);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child makes the calls that a filter is to deny. Each argument is -1: as a pointer, it faults; as an fd, a flag or a
 * length, it is invalid. A few calls get another value (table others). An argument that a rule is about has the value
 * that the rule denies. A filter decides before the kernel looks at any argument, so the error is the filter's, or it
 * is that of the arguments and there is no filter for the call. A filter that kills denies, too: where a child can be
 * made. */
#include "lib/measure-calls.h"

#include <errno.h>
#include <linux/fanotify.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/strv.h"

enum { ARGUMENTS = 6, SECONDS_MAX = 10, STACK_SIZE = 16 * 1024 };

typedef struct Call {
        const char *name;
        int number, error; /* error: 0 if the call is to do nothing, and succeed */
        uint64_t arguments[ARGUMENTS];
} Call;

/* Shared with the child. */
typedef struct Calls {
        size_t n;          /* the number of calls */
        size_t n_whole;    /* the first ones, which are denied whatever their arguments */
        size_t at;         /* the call that the child is making */
        bool allowed;      /* that call is allowed */
        bool own_memory;   /* one of them changes memory if it is allowed */
        Call items[];
} Calls;

/* Calls that have an effect whatever their arguments. kill(2) has one with pid 0; clone(2) would make a process. The
 * rules for clone(2) are those for unshare(2), too. */
static bool may_be_made(const char *name) {
        static const char *const effective[] = { "clone",        "exit",         "exit_group", "fork",
                                                 "kill",         "pause",        "restart_syscall", "rt_sigreturn",
                                                 "sigreturn",    "sync",         "vfork",      "vhangup" };

        for (size_t i = 0; i < ELEMENTSOF(effective); i++)
                if (streq(name, effective[i]))
                        return false;
        return true;
}

/* -1 would make a queue of messages. With -1, the others fail with ENOSYS or EPERM, as if they were denied. With these
 * values they fail with EINVAL, and syslog(2) tells a size. */
static const struct {
        const char *name;
        unsigned argument;
        uint64_t value;
} others[] = {
        { "fanotify_init", 0, FAN_REPORT_FID },
        { "futex", 1, FUTEX_WAKE },
        { "msgget", 1, 0 },
        { "syslog", 0, 10 /* SYSLOG_ACTION_SIZE_BUFFER */ },
};

static Call *add(Calls *calls, const char *name, int number, int error) {
        Call *call;

        if (number < 0 || !may_be_made(name))
                return NULL;
        calls->own_memory = calls->own_memory || streq(name, "munlockall");
        call = &calls->items[calls->n++];
        *call = (Call) { .name = name, .number = number, .error = error };
        for (size_t i = 0; i < ARGUMENTS; i++)
                call->arguments[i] = UINT64_MAX;
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (streq(name, others[i].name))
                        call->arguments[others[i].argument] = others[i].value;
        return call;
}

/* A call that is denied as a whole has its own error, also where a rule would give it another one. */
static bool is_listed(const Calls *calls, int number) {
        for (size_t i = 0; i < calls->n_whole; i++)
                if (calls->items[i].number == number)
                        return true;
        return false;
}

static void add_rule(Calls *calls, const PlanArgumentRule *rule) {
        Call *call = is_listed(calls, rule->number) ? NULL : add(calls, rule->name, rule->number, rule->error);
        uint64_t *argument = call ? &call->arguments[rule->argument] : NULL;

        if (!call)
                return;
        if (rule->test == ARGUMENT_MASKED_EQUAL || rule->test == ARGUMENT_EQUAL)
                *argument = rule->value;
        else if (rule->test == ARGUMENT_LESS)
                *argument = rule->value - 1;
        else if (rule->test == ARGUMENT_GREATER)
                *argument = rule->value + 1;
        /* -1 is any argument, and not equal to any value that a rule has. */
}

static void list(Calls *calls, const Plan *plan) {
        for (size_t i = 0; i < plan->n_calls; i++)
                if (plan->calls[i].error)
                        add(calls, plan->calls[i].name, plan->calls[i].number, plan->calls[i].error);
        calls->n_whole = calls->n;
        for (size_t i = 0; i < plan->n_argument_rules; i++)
                add_rule(calls, &plan->argument_rules[i]);
}

/* A narrower filter may deny the call with one of the usual errors. */
static bool is_denied(const Call *call) {
        const uint64_t *a = call->arguments;
        long r = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);

        if (r >= 0)
                return call->error == 0 && r == 0;
        return errno == call->error || errno == EPERM || errno == ENOSYS;
}

/* With all signals blocked, so that no handler of the program runs in here. */
static int make_calls(void *userdata) {
        Calls *calls = userdata;
        struct rlimit core;
        sigset_t alarm_only;

        /* A filter that kills would make the kernel write a core file of the program; 1 prevents that. */
        if (getrlimit(RLIMIT_CORE, &core) >= 0 && core.rlim_max > 0)
                (void) setrlimit(RLIMIT_CORE, &(struct rlimit) { 1, core.rlim_max });
        (void) signal(SIGALRM, SIG_DFL);
        (void) sigemptyset(&alarm_only);
        (void) sigaddset(&alarm_only, SIGALRM);
        (void) sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
        (void) alarm(SECONDS_MAX);
        for (; calls->at < calls->n; calls->at++)
                if (!is_denied(&calls->items[calls->at])) {
                        calls->allowed = true;
                        break;
                }
        _exit(0);
}

/* Calls that change this process if they are allowed, and nothing outside of it. In a child, that is no matter. */
static bool changes_process(const char *name) {
        static const char *const changing[] = { "alarm",  "eventfd",         "inotify_init", "munlockall",
                                                "setsid", "set_tid_address", "umask" };

        for (size_t i = 0; i < ELEMENTSOF(changing); i++)
                if (streq(name, changing[i]))
                        return true;
        return false;
}

/* A filter that denies clone(2) leaves only this process to make the calls. */
static void make_calls_here(Calls *calls) {
        for (; calls->at < calls->n; calls->at++)
                if (!changes_process(calls->items[calls->at].name) && !is_denied(&calls->items[calls->at])) {
                        calls->allowed = true;
                        return;
                }
}

/* A child that shares the memory needs no copy of it, which costs more than all the calls. This thread waits until the
 * child has ended, as in vfork(2), and lends it a part of its stack. The child sends no signal at its end, so the
 * kernel keeps its status whatever the program does with SIGCHLD, and no wait(2) of the program gets it. */
static pid_t make_child(Calls *calls) {
        _Alignas(16) char stack[STACK_SIZE];
        const int shared = calls->own_memory ? 0 : CLONE_VM | CLONE_VFORK;
        sigset_t all, before;
        pid_t pid;
        int error;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, &before);
        pid = clone(make_calls, stack + STACK_SIZE, shared, calls);
        error = errno;
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        errno = error;
        return pid;
}

/* Makes a child for each call that kills one. Returns 0 or -errno. */
static int make_all(Calls *calls) {
        int status = 0;

        while (calls->at < calls->n && !calls->allowed) {
                pid_t pid = make_child(calls);

                if (pid < 0 && errno != EAGAIN && errno != ENOMEM) {
                        make_calls_here(calls);
                        return 0;
                }
                if (pid < 0 || TEMP_FAILURE_RETRY(waitpid(pid, &status, __WCLONE)) < 0)
                        return -errno;
                if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
                        calls->at++;
                else if (WIFSIGNALED(status))
                        calls->allowed = true; /* the call had an effect, or did not return */
        }
        return 0;
}

static size_t count(const Plan *plan) {
        size_t n = plan->n_argument_rules;

        for (size_t i = 0; i < plan->n_calls; i++)
                n += plan->calls[i].error != 0;
        return n;
}

int measure_calls(const Plan *plan, const char **ret) {
        const size_t size = sizeof(Calls) + count(plan) * sizeof(Call);
        Calls *calls = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        int r;

        if (calls == MAP_FAILED)
                return -errno;
        list(calls, plan);
        r = make_all(calls);
        if (r >= 0)
                *ret = calls->allowed ? calls->items[calls->at].name : NULL;
        munmap(calls, size);
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cmd/batch/files.h"
#include "cmd/batch/result.h"
#include "lib/start.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/strv.h"
#include "util/text.h"

/* Before a line, and before a result. */
typedef struct Header {
        uint64_t number; /* the line, or the Verdict */
        uint64_t size;   /* of the text after it */
} Header;

/* A plan with what it refers to. It must not move. */
typedef struct Prepared {
        Loaded loaded;
        Plan *plan;   /* NULL: none */
        char *program;
        uint64_t end; /* how long it can be used, CLOCK_MONOTONIC */
        int pool;     /* holds the pool, if this process has made it; -1: not */
} Prepared;

/* The messages about a job. */
typedef struct Said {
        char *error;  /* the first */
        Text notices; /* a line for each */
} Said;

typedef struct Attempt {
        const Plan *plan;
        Outcome outcome;
} Attempt;

static int send_all(int fd, const void *data, size_t size) {
        for (const char *p = data; size > 0;) {
                ssize_t n = TEMP_FAILURE_RETRY(send(fd, p, size, MSG_NOSIGNAL));

                if (n < 0)
                        return -errno;
                p += n;
                size -= (size_t) n;
        }
        return 0;
}

static int receive_all(int fd, void *data, size_t size) {
        for (char *p = data; size > 0;) {
                ssize_t n = TEMP_FAILURE_RETRY(recv(fd, p, size, 0));

                if (n <= 0)
                        return n < 0 ? -errno : -ECONNRESET;
                p += n;
                size -= (size_t) n;
        }
        return 0;
}

static int send_text(int fd, uint64_t number, const char *text, size_t size) {
        const Header header = { number, size };
        int r = send_all(fd, &header, sizeof(header));

        return r < 0 ? r : send_all(fd, text, size);
}

static int receive_text(int fd, uint64_t *ret_number, char **ret, size_t *ret_size) {
        _cleanup_free_ char *text = NULL;
        Header header;
        int r;

        r = receive_all(fd, &header, sizeof(header));
        if (r < 0)
                return r;
        text = malloc(header.size + 1);
        r = text ? receive_all(fd, text, header.size) : -ENOMEM;
        if (r < 0)
                return r;
        text[header.size] = '\0';
        *ret_number = header.number;
        *ret_size = header.size;
        *ret = TAKE_PTR(text);
        return 0;
}

/* A Report's sink. */
static void keep_message(void *userdata, Severity severity, const char *line) {
        Said *said = userdata;

        if (severity == SEVERITY_ERROR && !said->error)
                said->error = strdup(line);
        if (severity == SEVERITY_NOTICE) {
                text_add(&said->notices, line);
                text_add_char(&said->notices, '\n');
        }
}

static void prepared_deinit(Prepared *p) {
        plan_free(p->plan);
        loaded_deinit(&p->loaded);
        free(p->program);
        *p = (Prepared) { .pool = p->pool };
}

/* Whether the plan of the job depends on more than its program. */
static bool has_own_plan(const Job *job) {
        static const char *const variables[] = { "PATH", "HOME", "LD_LIBRARY_PATH" };
        bool own = job->volumes && job->volumes[0];

        for (size_t i = 0; !own && i < ELEMENTSOF(variables); i++)
                own = job_variable(job, variables[i]);
        return own;
}

/* Makes a plan that fits the job, or keeps the one that there is. A plan is used only for a while, because the host
 * changes: a new file with secrets is hidden only by a plan that was made after it. */
static int prepare(const Work *work, Prepared *p, const Job *job, const char *name, Report *report) {
        enum { LIFE_USEC = 5 * 1000000 };
        bool own = has_own_plan(job);
        int status;

        if (p->plan && !own && streq(p->program, job->argv[0]) && clock_usec(CLOCK_MONOTONIC) < p->end)
                return 0;
        prepared_deinit(p);
        status = work->plan(work->userdata, job, name, &p->loaded, &p->plan, report);
        if (p->plan)
                p->plan->pool_hold = &p->pool;
        p->program = strdup(job->argv[0]);
        /* A mounted image is used up by a run. */
        if (!own && p->loaded.image <= 0 && !p->loaded.uses_name)
                p->end = clock_usec(CLOCK_MONOTONIC) + LIFE_USEC;
        return !p->program ? (report_oom(report), PLAN_FAILED) : status;
}

/* The variables of the job replace those of the plan. Strings are borrowed. */
static char **merge_environment(const Plan *plan, const Job *job) {
        char **merged = calloc(strv_length(plan->environment) + strv_length(job->env) + 1, sizeof(char *));
        size_t n = 0;

        for (char *const *v = plan->environment; merged && v && *v; v++) {
                _cleanup_free_ char *name = strndup(*v, strcspn(*v, "="));

                if (!name) {
                        free(merged);
                        return NULL;
                }
                if (!job_variable(job, name))
                        merged[n++] = *v;
        }
        for (char *const *v = job->env; merged && v && *v; v++)
                merged[n++] = *v;
        return merged;
}

/* A StartTry. */
static int try_run(void *userdata, bool last_try, Report *report) {
        Attempt *a = userdata;

        return start_run(a->plan, last_try, report, &a->outcome);
}

/* Runs the job's plan with the files on fds 0 to 2. */
static void run_with(const Plan *prepared, const Job *job, const char *name, char *unit, char **environment,
                     Outcome *ret, Report *report) {
        Plan plan = *prepared;
        Attempt attempt = { .plan = &plan, .outcome = *ret };

        plan.name = (char *) name;
        plan.unit = unit;
        plan.arguments = (char **) job->argv;
        plan.environment = environment;
        for (size_t i = 0; i < ELEMENTSOF(job->files); i++)
                if (job->files[i])
                        plan.standard_io[i] = (PlanStandardIO) { .kind = STANDARD_IO_INHERIT };
        (void) start_repeat(try_run, &attempt, job->name, report);
        *ret = attempt.outcome;
}

/* Puts the open files on fds 0 to 2. *ret gets copies of the fds that were there, for put_back(). */
static int exchange(int fds[static 3], int ret[static 3], Report *report) {
        for (int fd = 0; fd < 3; fd++) {
                if (fds[fd] < 0)
                        continue;
                ret[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                if (ret[fd] < 0 || dup2(fds[fd], fd) < 0)
                        return report_error(report, errno, "cannot use a file: %s", strerror(errno));
                fds[fd] = fd_close(fds[fd]);
        }
        return 0;
}

static void put_back(int before[static 3]) {
        for (int fd = 0; fd < 3; fd++)
                if (before[fd] >= 0)
                        (void) dup2(before[fd], fd);
        fds_close(before, 3);
}

static int run_prepared(const Prepared *p, const Job *job, const char *name, Outcome *ret, Report *report) {
        _cleanup_free_ char **environment = merge_environment(p->plan, job), *unit = format("isorun-%s.scope", name);
        int fds[3] = { -1, -1, -1 }, before[3] = { -1, -1, -1 }, r;

        if (!environment || !unit)
                return report_oom(report);
        r = files_open(job, fds, report);
        if (r >= 0)
                r = exchange(fds, before, report);
        if (r >= 0)
                run_with(p->plan, job, name, unit, environment, ret, report);
        fds_close(fds, ELEMENTSOF(fds));
        put_back(before);
        return r;
}

static int exit_status(const Outcome *outcome) {
        if (outcome->progress != PROGRESS_ENDED)
                return outcome->exit_status;
        return WIFEXITED(outcome->wait_status) ? WEXITSTATUS(outcome->wait_status)
                                               : 128 + WTERMSIG(outcome->wait_status);
}

/* Returns the result of a job that was read, on the heap. */
static char *run_job(const Work *work, Prepared *p, const Job *job, uint64_t begun, Said *said, Report *report,
                     Verdict *ret_verdict) {
        _cleanup_free_ char *name = job->name ? strdup(job->name) : format("%s-%" PRIu64, work->base, job->line);
        Outcome outcome = { .exit_status = PLAN_FAILED };
        Result result = { .line = job->line, .name = name };

        if (!name)
                return NULL;
        if (report->n_errors == 0) {
                int status = prepare(work, p, job, name, report);

                outcome.exit_status = status ?: PLAN_FAILED;
                if (!status)
                        (void) run_prepared(p, job, name, &outcome, report);
        }
        if (p->end == 0)
                prepared_deinit(p);

        result.was_run = outcome.progress == PROGRESS_ENDED;
        result.wait_status = outcome.wait_status;
        result.status = exit_status(&outcome);
        result.error = said->error;
        result.usage = result.was_run ? &outcome.usage : NULL;
        result.wall_usec = clock_usec(CLOCK_MONOTONIC) - begun;
        *ret_verdict = !result.was_run ? VERDICT_ERROR : result.status ? VERDICT_FAILURE : VERDICT_SUCCESS;
        return result_write(work->lib, &result);
}

static int process_line(const Work *work, Prepared *p, int socket, uint64_t line, const char *text, size_t size) {
        uint64_t begun = clock_usec(CLOCK_MONOTONIC);
        Said said = {};
        Report report = { .sink = keep_message, .userdata = &said };
        _cleanup_free_ char *result = NULL, *notices = NULL, *answer = NULL;
        Verdict verdict = VERDICT_ERROR;
        Job job;

        (void) job_read(&job, work->lib, line, text, size, &report);
        result = run_job(work, p, &job, begun, &said, &report, &verdict);
        job_deinit(&job, work->lib);
        free(said.error);
        notices = text_finish(&said.notices);
        answer = result ? format("%s%s", result, notices ?: "") : NULL;
        return answer ? send_text(socket, verdict, answer, strlen(answer)) : -ENOMEM;
}

/* Leaves the terminal's foreground, so that its keys signal only isorun, which decides about the others. */
static void leave_parent(const Work *work, pid_t parent) {
        (void) setpgid(0, 0);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
                _exit(PLAN_FAILED);
        if (dup2(work->null, STDIN_FILENO) < 0 || dup2(work->messages, STDOUT_FILENO) < 0 ||
            dup2(work->messages, STDERR_FILENO) < 0)
                _exit(PLAN_FAILED);
        for (size_t i = 0; i < ELEMENTSOF(work->fds); i++)
                fd_close(work->fds[i]);
        (void) sigaction(SIGPIPE, &work->pipe, NULL);
}

_Noreturn static void work_main(const Work *work, int socket) {
        Prepared prepared = { .pool = -1 };
        int r = 0;

        while (r >= 0) {
                _cleanup_free_ char *text = NULL;
                uint64_t line;
                size_t size;

                /* After a run, the signals that it has received stay blocked until its result is sent. */
                (void) sigprocmask(SIG_SETMASK, &work->mask, NULL);
                r = receive_text(socket, &line, &text, &size);
                if (r >= 0)
                        r = process_line(work, &prepared, socket, line, text, size);
        }
        prepared_deinit(&prepared);
        exit(r == -ECONNRESET ? 0 : PLAN_FAILED);
}

int worker_begin(Worker *worker, const Work *work, const Worker *workers, size_t n) {
        pid_t parent = getpid(), pid;
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        pid = fork();
        if (pid == 0) {
                leave_parent(work, parent);
                close(fds[0]);
                for (size_t i = 0; i < n; i++)
                        fd_close(workers[i].socket);
                work_main(work, fds[1]);
        }
        fd_close(fds[1]);
        if (pid < 0) {
                fd_close(fds[0]);
                return -errno;
        }
        *worker = (Worker) { .pid = pid, .socket = fds[0] };
        return 0;
}

int worker_send(Worker *worker, uint64_t line, const char *text, size_t size) {
        worker->line = line;
        return send_text(worker->socket, line, text, size);
}

int worker_receive(Worker *worker, Verdict *ret_verdict, char **ret_text) {
        uint64_t verdict;
        size_t size;
        int r = receive_text(worker->socket, &verdict, ret_text, &size);

        if (r < 0)
                return r;
        *ret_verdict = (Verdict) verdict;
        worker->line = 0;
        return 0;
}

int worker_end(Worker *worker) {
        int status = 0;

        worker->socket = fd_close(worker->socket);
        (void) TEMP_FAILURE_RETRY(waitpid(worker->pid, &status, 0));
        *worker = (Worker) { .socket = -1 };
        return status;
}

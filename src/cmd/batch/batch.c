/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "cmd/batch/input.h"
#include "cmd/batch/output.h"
#include "cmd/batch/progress.h"
#include "cmd/batch/result.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/strv.h"
#include "util/text.h"

/* How a batch is stopped. Each stage has some time, and another signal begins the next one at once. */
typedef enum Stage {
        STAGE_RUN,
        STAGE_TERM,   /* the running commands have got SIGTERM */
        STAGE_KILL,   /* the workers have got SIGKILL, and with them their instances end */
        STAGE_LEAVE,  /* a worker cannot be ended, because it waits for a file system; isorun does not wait for it */
} Stage;

typedef struct Batch {
        BatchRequest *request;
        Report *report;
        Work work;
        Worker *workers;
        Input input;
        Output output;
        ProgressBar bar;
        ProgressState state;
        uint64_t n_not_run;
        int signals;  /* signalfd */
        int messages; /* the commands' output for the terminal; -1: they have standard error itself */
        int their_messages;
        int null;
        Stage stage;
        uint64_t stage_end; /* CLOCK_MONOTONIC */
        int status;         /* of the signal or the failure that stops the batch; 0: none */
} Batch;

static bool is_busy(const Worker *w) {
        return w->line > 0;
}

static size_t count_busy(const Batch *b) {
        size_t n = 0;

        for (size_t i = 0; i < b->request->jobs; i++)
                n += is_busy(&b->workers[i]);
        return n;
}

/* Ends the batch for a reason that is reported. */
static void stop(Batch *b, int status) {
        enum { TERM_USEC = 5000000, KILL_USEC = 1000000 };

        if (!b->status)
                b->status = status;
        if (b->stage < STAGE_LEAVE)
                b->stage++;
        b->stage_end = clock_usec(CLOCK_MONOTONIC) + (b->stage == STAGE_TERM ? TERM_USEC : KILL_USEC);
        for (size_t i = 0; b->stage < STAGE_LEAVE && i < b->request->jobs; i++)
                if (is_busy(&b->workers[i]))
                        (void) kill(b->workers[i].pid, b->stage == STAGE_TERM ? SIGTERM : SIGKILL);
}

static void fail(Batch *b, int error, const char *what) {
        progress_hide(&b->bar);
        report_error(b->report, error, "%s: %s", what, strerror(error));
        stop(b, PLAN_FAILED);
}

/* Counts a result, and prints it. The lines that are being run count as unread, as if all were equally long. */
static void add_result(Batch *b, Verdict verdict, const char *text) {
        b->state.n_done++;
        b->state.offset = b->input.offset * b->state.n_done / b->input.line;
        b->state.n_failed += verdict != VERDICT_SUCCESS;
        if (!text || output_add(&b->output, text) < 0)
                fail(b, ENOMEM, "cannot write a result");
}

/* For a line that no worker has run. */
static void add_error(Batch *b, uint64_t line, const char *name, const char *error) {
        const Result result = { .line = line, .name = name, .status = PLAN_FAILED, .error = error };
        _cleanup_free_ char *text = result_write(b->request->lib, &result);

        add_result(b, VERDICT_ERROR, text);
}

/* A worker that ends by itself has had no memory; otherwise somebody has killed it. */
static void worker_died(Batch *b, Worker *w) {
        uint64_t line = w->line;
        int status = worker_end(w);
        _cleanup_free_ char *text = NULL;

        if (!line)
                return;
        text = b->stage > STAGE_RUN ? strdup("stopped before the command had ended")
               : WIFSIGNALED(status) ? format("the process of isorun that ran this line was ended by SIG%s",
                                              sigabbrev_np(WTERMSIG(status)) ?: "?")
                                     : strdup("the process of isorun that ran this line ended unexpectedly");
        add_error(b, line, NULL, text);
}

/* Reports each notice once, with the first line that caused it, and not too many. */
static void report_notices(Batch *b, uint64_t line, char *text) {
        enum { NOTICES_MAX = 100 };
        char *position = NULL;

        for (char *n = strtok_r(text, "\n", &position); n; n = strtok_r(NULL, "\n", &position)) {
                if (strv_contains(b->request->notices, n) || strv_length(b->request->notices) >= NOTICES_MAX ||
                    strv_push(&b->request->notices, n) < 0)
                        continue;
                progress_hide(&b->bar);
                report_notice(b->report, "line %" PRIu64 ": %s", line, n);
        }
}

static void take_result(Batch *b, Worker *w) {
        _cleanup_free_ char *text = NULL, *result = NULL;
        uint64_t line = w->line;
        Verdict verdict;
        size_t n;

        if (worker_receive(w, &verdict, &text) < 0) {
                worker_died(b, w);
                return;
        }
        n = strcspn(text, "\n");
        result = strndup(text, n + 1);
        add_result(b, verdict, result);
        report_notices(b, line, text + n);
}

/* Returns a worker that is free, or NULL. Begins one if there are fewer than the user wants. */
static Worker *find_free(Batch *b) {
        Worker *new = NULL;
        int r;

        for (size_t i = 0; i < b->request->jobs; i++) {
                Worker *w = &b->workers[i];

                if (w->pid && !is_busy(w))
                        return w;
                if (!w->pid && !new)
                        new = w;
        }
        r = new ? worker_begin(new, &b->work, b->workers, b->request->jobs) : 0;
        if (r < 0)
                fail(b, -r, "cannot begin a process");
        return r < 0 ? NULL : new;
}

static void add_too_long(Batch *b) {
        char text[64];

        snprintf(text, sizeof(text), "the line is longer than %d bytes", INPUT_LINE_MAX);
        add_error(b, b->input.line, NULL, text);
}

/* Hands out the lines that were read, while workers are free. */
static void hand_out(Batch *b) {
        Worker *w;

        while (b->stage == STAGE_RUN && !output_is_full(&b->output) && (w = find_free(b))) {
                const char *text;
                size_t size;
                int r = input_next(&b->input, &text, &size);

                if (r == 0)
                        return;
                if (r < 0)
                        add_too_long(b);
                else if (worker_send(w, b->input.line, text, size) < 0)
                        worker_died(b, w);
        }
}

/* Whether a read would not wait. */
static bool is_readable(int fd) {
        return poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, 0) == 1;
}

/* Lists the lines that are not run, as far as they are there. Returns false when there are no more. */
static bool list_rest(Batch *b) {
        Report silent = {};
        const char *text;
        size_t size;
        Job job;
        int r;

        while (!output_is_full(&b->output) && (r = input_next(&b->input, &text, &size)) != 0) {
                if (r > 0)
                        (void) job_read(&job, b->request->lib, b->input.line, text, size, &silent);
                else
                        job = (Job) {};
                b->n_not_run++;
                add_error(b, b->input.line, job.name, "not run, because the batch was stopped");
                job_deinit(&job, b->request->lib);
        }
        if (output_is_full(&b->output))
                return true;
        return !input_is_done(&b->input) && is_readable(STDIN_FILENO) && input_read(&b->input) >= 0 &&
               !input_is_done(&b->input);
}

static void take_signal(Batch *b) {
        struct signalfd_siginfo info;

        if (read(b->signals, &info, sizeof(info)) == sizeof(info))
                stop(b, 128 + (int) info.ssi_signo);
}

/* Returns false if there are no more. */
static bool relay_messages(Batch *b) {
        char text[4096];
        ssize_t n = read(b->messages, text, sizeof(text));

        if (n <= 0)
                return false;
        progress_hide(&b->bar);
        (void) TEMP_FAILURE_RETRY(write(STDERR_FILENO, text, (size_t) n));
        return true;
}

enum { ON_SIGNAL, ON_INPUT, ON_OUTPUT, ON_MESSAGES, ON_WORKERS };

static void fill(Batch *b, struct pollfd *fds) {
        bool reads = b->stage == STAGE_RUN && !input_is_done(&b->input) && !output_is_full(&b->output) &&
                     count_busy(b) < b->request->jobs;

        fds[ON_SIGNAL] = (struct pollfd) { .fd = b->signals, .events = POLLIN };
        fds[ON_INPUT] = (struct pollfd) { .fd = reads ? STDIN_FILENO : -1, .events = POLLIN };
        fds[ON_OUTPUT] = (struct pollfd) { .fd = output_is_empty(&b->output) ? -1 : STDOUT_FILENO, .events = POLLOUT };
        fds[ON_MESSAGES] = (struct pollfd) { .fd = b->messages, .events = POLLIN };
        for (size_t i = 0; i < b->request->jobs; i++)
                fds[ON_WORKERS + i] = (struct pollfd) { .fd = output_is_full(&b->output) ? -1 : b->workers[i].socket,
                                                        .events = POLLIN };
}

static void process(Batch *b, const struct pollfd *fds) {
        int r;

        if (fds[ON_SIGNAL].revents)
                take_signal(b);
        if (fds[ON_MESSAGES].revents)
                (void) relay_messages(b);
        for (size_t i = 0; i < b->request->jobs; i++)
                if (fds[ON_WORKERS + i].revents)
                        take_result(b, &b->workers[i]);
        r = fds[ON_OUTPUT].revents ? output_write(&b->output, STDOUT_FILENO) : 0;
        if (r < 0) {
                output_deinit(&b->output);
                if (b->status != PLAN_FAILED)
                        fail(b, -r, "cannot write to standard output");
        }
        r = fds[ON_INPUT].revents ? input_read(&b->input) : 0;
        if (r < 0)
                fail(b, -r, "cannot read standard input");
        if (b->stage > STAGE_RUN && clock_msec_until(b->stage_end) == 0 && count_busy(b) > 0)
                stop(b, b->status);
}

/* Whether there is nothing left to do. */
static bool is_done(Batch *b) {
        if (b->stage == STAGE_LEAVE)
                return true;
        if (count_busy(b) > 0)
                return false;
        if (b->stage == STAGE_RUN ? !input_is_done(&b->input) : b->status != PLAN_FAILED && list_rest(b))
                return false;
        return output_is_empty(&b->output);
}

static int timeout(const Batch *b) {
        enum { TICK_MSEC = 200 };

        if (b->stage > STAGE_RUN && count_busy(b) == 0 && output_is_empty(&b->output))
                return 0;
        return b->bar.used ? TICK_MSEC : b->stage > STAGE_RUN ? clock_msec_until(b->stage_end) : -1;
}

static int loop(Batch *b) {
        _cleanup_free_ struct pollfd *fds = calloc(ON_WORKERS + b->request->jobs, sizeof(struct pollfd));

        if (!fds)
                return report_oom(b->report);
        for (;;) {
                hand_out(b);
                if (is_done(b))
                        return 0;
                progress_show(&b->bar, &b->state);
                fill(b, fds);
                if (poll(fds, ON_WORKERS + b->request->jobs, timeout(b)) < 0)
                        continue;
                process(b, fds);
        }
}

/* Receives the signals that end a program, except those that the caller ignores. */
static int take_signals(Batch *b) {
        static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
        sigset_t mask;

        sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                struct sigaction action;

                if (sigaction(numbers[i], NULL, &action) >= 0 && action.sa_handler != SIG_IGN)
                        sigaddset(&mask, numbers[i]);
        }
        (void) sigprocmask(SIG_BLOCK, &mask, &b->work.mask);
        (void) sigaction(SIGPIPE, &(struct sigaction) { .sa_handler = SIG_IGN }, &b->work.pipe);
        b->signals = signalfd(-1, &mask, SFD_CLOEXEC);
        return b->signals < 0 ? report_error(b->report, errno, "cannot receive signals: %s", strerror(errno)) : 0;
}

/* A command must not have the terminal: it would mix its output with the progress, and could read keys. */
static int make_messages(Batch *b) {
        int fds[2];

        b->null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (b->null < 0)
                return report_error(b->report, errno, "cannot open /dev/null: %s", strerror(errno));
        if (!isatty(STDERR_FILENO))
                return 0;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return report_error(b->report, errno, "cannot make a pipe: %s", strerror(errno));
        b->messages = fds[0];
        b->their_messages = fds[1];
        return 0;
}

static int begin(Batch *b) {
        const BatchRequest *request = b->request;
        int r;

        b->workers = calloc(request->jobs, sizeof(Worker));
        if (!b->workers || input_init(&b->input, STDIN_FILENO) < 0)
                return report_oom(b->report);
        for (size_t i = 0; i < request->jobs; i++)
                b->workers[i].socket = -1;
        r = make_messages(b);
        if (r >= 0)
                r = take_signals(b);
        b->work.fds[0] = b->signals;
        b->work.fds[1] = b->messages;
        b->work.null = b->null;
        b->work.messages = b->their_messages >= 0 ? b->their_messages : STDERR_FILENO;
        progress_begin(&b->bar, STDIN_FILENO, request->quiet);
        return r;
}

static void end(Batch *b) {
        for (size_t i = 0; b->workers && i < b->request->jobs; i++)
                if (b->workers[i].pid && !is_busy(&b->workers[i]))
                        (void) worker_end(&b->workers[i]);
        b->their_messages = fd_close(b->their_messages);
        while (b->messages >= 0 && is_readable(b->messages) && relay_messages(b))
                ;
        progress_hide(&b->bar);
        b->messages = fd_close(b->messages);
        fd_close(b->signals);
        fd_close(b->null);
        input_deinit(&b->input);
        output_deinit(&b->output);
}

static void summarize(const Batch *b) {
        uint64_t n_failed = b->state.n_failed - b->n_not_run;

        if (count_busy(b) > 0)
                report_notice(b->report,
                              "%zu lines cannot be ended now, because they wait for a file system or a device",
                              count_busy(b));
        if (b->n_not_run > 0)
                report_notice(b->report,
                              "stopped: %" PRIu64 " lines were not run; of the %" PRIu64 " others, %" PRIu64 " failed",
                              b->n_not_run, b->state.n_done - b->n_not_run, n_failed);
        else if (n_failed > 0)
                report_notice(b->report, "%" PRIu64 " of %" PRIu64 " lines failed", n_failed, b->state.n_done);
}

int batch_run(BatchRequest *request, Report *report) {
        Batch b = { .request = request, .report = report, .signals = -1, .messages = -1, .their_messages = -1,
                    .null = -1,
                    .work = { .lib = request->lib, .plan = request->plan, .userdata = request->userdata,
                              .base = request->base } };
        int r = begin(&b);

        if (r >= 0)
                r = loop(&b);
        end(&b);
        if (r >= 0)
                summarize(&b);
        free(b.workers);
        return r < 0 ? PLAN_FAILED : b.status ?: b.state.n_failed > 0 ? BATCH_FAILED : 0;
}

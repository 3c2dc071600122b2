/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/outside/questions.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/make.h"
#include "plan/why/kept.h"
#include "plan/why/why.h"
#include "sandbox/watch/judge.h"
#include "sandbox/wire/control.h"
#include "util/fd.h"
#include "util/strv.h"

/* Fills the text of the reply in if it is no question. */
static int answer(const Plan *plan, char *const question[static 2], FILE *f, ControlReply *reply) {
        _cleanup_(why_answer_deinit) WhyAnswer a = {};
        _cleanup_free_ char *name = NULL;
        WhyQuestion q;
        int r;

        r = why_question_parse(question[0], question[1], &q, &name);
        if (r >= 0)
                r = plan_why(plan, &q, &a);
        if (r >= 0)
                why_answer_write(&a, f);
        else if (r == -EINVAL)
                snprintf(reply->text, sizeof(reply->text), WHY_NO_QUESTION, question[0], question[1]);
        return r;
}

static int answer_all(const Plan *plan, char *const *words, unsigned n, FILE *f, ControlReply *reply) {
        _cleanup_(plan_freep) Plan *rules = NULL;
        Plan whole;
        int r = n % 2 ? -EBADMSG : plan_with_rules(plan, &whole, &rules);

        for (unsigned i = 0; r >= 0 && i < n; i += 2)
                r = answer(&whole, words + i, f, reply);
        return r;
}

/* Without a question: what was denied so far. */
static int tell_denials(const Plan *plan, const Denials *denials, int fd, ControlReply *reply) {
        _cleanup_(plan_freep) Plan *rules = NULL;
        Plan whole;
        int r;

        if (!denials) {
                snprintf(reply->text, sizeof(reply->text), "it was not started with --why or --record, so nothing has "
                         "noted what it was denied: ask a question (isoctl why --help)");
                return -EOPNOTSUPP;
        }
        r = plan_with_rules(plan, &whole, &rules);
        if (r >= 0)
                judge_all(&whole, denials, fd, JUDGE_WORDS);
        return r;
}

/* Returns an fd of a file in memory with the answers, or -errno. */
static int make_answers(const Plan *plan, const Denials *denials, char *const *words, unsigned n, ControlReply *reply) {
        _cleanup_close_ int fd = memfd_create("isorun-answers", MFD_CLOEXEC);
        FILE *f = fd < 0 ? NULL : fdopen(dup(fd), "w");
        int r;

        if (!f)
                return -errno;
        r = n > 0 ? answer_all(plan, words, n, f, reply) : tell_denials(plan, denials, fd, reply);
        if (fclose(f) != 0 && r >= 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(fd);
}

static int serve(const Plan *plan, const Denials *denials, int connection) {
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_close_ int text = -1;
        ControlReply reply = { .type = CONTROL_TEXT };
        ControlRequest request;
        ControlHeader peer;
        int r;

        r = control_receive_request(connection, &peer, &request, &words, NULL, 0);
        if (r <= 0 || request.type != CONTROL_WHY)
                return r < 0 ? r : -EBADMSG;
        text = make_answers(plan, denials, words, request.n_strings, &reply);
        if (text < 0) {
                reply.type = CONTROL_FAILED;
                reply.value = -text;
                reply.status = PLAN_FAILED;
                if (!*reply.text)
                        snprintf(reply.text, sizeof(reply.text), "cannot answer: %s", strerror(-text));
        }
        return control_send_reply(connection, &reply, &text, text >= 0);
}

/* Keeps nothing of isorun: its end must be seen inside, for example. A sender that sends nothing, or a file system that
 * does not answer, ends the process. */
static _Noreturn void run(const Plan *plan, const Denials *denials, int socket) {
        enum { SOCKET = STDERR_FILENO + 1 };
        sigset_t alarms;

        if (socket != SOCKET && dup3(socket, SOCKET, O_CLOEXEC) < 0)
                _exit(PLAN_FAILED);
        (void) close_range(SOCKET + 1, ~0U, 0);
        (void) signal(SIGALRM, SIG_DFL);
        sigemptyset(&alarms);
        sigaddset(&alarms, SIGALRM);
        (void) sigprocmask(SIG_UNBLOCK, &alarms, NULL);
        alarm(CONTROL_SECONDS);
        _exit(serve(plan, denials, SOCKET) < 0 ? PLAN_FAILED : 0);
}

/* A child that forks again leaves no zombie to isorun, which waits only for its own processes. */
void questions_answer(const Plan *plan, const Denials *denials, int socket) {
        pid_t pid = control_check_sender(socket) < 0 ? -1 : fork();

        if (pid == 0 && fork() == 0)
                run(plan, denials, socket);
        if (pid == 0)
                _exit(0);
        fd_close(socket);
        while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl top [-d SECONDS] [--once|--json] [NAME...]: shows the table of isoctl list again and again. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>

#include "cmd/instance/find.h"
#include "cmd/instance/select.h"
#include "cmd/program.h"
#include "cmd/show/json-instance.h"
#include "cmd/show/json.h"
#include "cmd/show/table.h"
#include "cmd/show/terminal-output.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "util/fd.h"
#include "util/parse.h"

/* Control sequences of xterm, which all current terminals understand. */
#define SCREEN_BEGIN "\033[?1049h\033[?25l\033[?7l" /* alternate screen, no cursor, no line wrapping */
#define SCREEN_END "\033[?7h\033[?25h\033[?1049l"
#define LINE_END "\033[K\r\n"
#define SCREEN_REST "\033[K\033[J"

/* One round: the instances and their use of resources. */
typedef struct Round {
        InstanceList list;
        Usage *usages;
        uint64_t usec; /* time of CLOCK_MONOTONIC */
} Round;

typedef struct Top {
        char *const *names;
        uint64_t delay_msec;
        Report *report;
        struct termios saved;
        int signals; /* signalfd; -1: none, and the terminal is unchanged */
        Round last;
} Top;

static void round_deinit(Round *r) {
        instances_deinit(&r->list);
        free(r->usages);
        *r = (Round) {};
}

static uint64_t now_usec(void) {
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

/* Both rounds have their instances in the same order. *begin is where to look first: after the last one that was
 * found. */
static const Usage *find_last(const Round *last, const Instance *i, size_t *begin) {
        for (size_t n = 0; n < last->list.n; n++) {
                size_t k = (*begin + n) % last->list.n;

                if (last->list.items[k].pid != i->pid || !streq(last->list.items[k].cgroup, i->cgroup))
                        continue;
                *begin = k + 1;
                return &last->usages[k];
        }
        return NULL;
}

static void find_share(Usage *u, const Usage *before, uint64_t passed_usec) {
        const InstanceUsage *now = &u->kernel, *last = before ? &before->kernel : NULL;

        if (last && last->has_cpu && now->has_cpu && now->cpu_usec >= last->cpu_usec && passed_usec > 0)
                u->share = 100.0 * (double) (now->cpu_usec - last->cpu_usec) / (double) passed_usec;
        if (before && before->has_flows && u->has_flows && u->moved >= before->moved && passed_usec > 0)
                u->speed = 1e6 * (double) (u->moved - before->moved) / (double) passed_usec;
}

/* Makes a new round, which replaces the last one. */
static int look(Top *t) {
        _cleanup_(round_deinit) Round now = {};
        size_t begin = 0;
        int r;

        r = instances_find_measured(&now.list, t->report);
        if (r < 0)
                return r;
        if (*t->names)
                instances_keep_named(&now.list, t->names);
        now.usec = now_usec();
        now.usages = calloc(now.list.n + 1, sizeof(Usage));
        if (!now.usages)
                return report_oom(t->report);
        for (size_t i = 0; i < now.list.n; i++) {
                now.usages[i] = usage_measure(&now.list, &now.list.items[i]);
                usage_ask_flows(&now.usages[i], &now.list.items[i]);
                find_share(&now.usages[i], find_last(&t->last, &now.list.items[i], &begin), now.usec - t->last.usec);
        }
        round_deinit(&t->last);
        t->last = now;
        now = (Round) {};
        return 0;
}

static void print_heading(const Round *round) {
        time_t now = time(NULL);
        char clock[16] = "";
        struct tm tm;
        size_t n = 0;

        for (size_t i = 0; i < round->list.n; i++)
                n += !round->list.items[i].nested;
        if (localtime_r(&now, &tm))
                strftime(clock, sizeof(clock), "%T", &tm);
        printf("%s  %zu running" LINE_END LINE_END, clock, n);
}

/* Draws as many lines as fit on the screen. */
static int draw(const Top *t) {
        struct winsize size = { .ws_row = 24, .ws_col = 80 };
        _cleanup_free_ char *text = NULL;
        unsigned row = 3;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
                size = (struct winsize) { .ws_row = 24, .ws_col = 80 };
        text = table_format(&t->last.list, t->last.usages,
                            &(TableStyle) { .legend = true, .colours = output_has_colours(), .share = true,
                                            .width = size.ws_col });
        if (!text)
                return report_oom(t->report);
        printf("\033[H");
        print_heading(&t->last);
        for (char *line = text; *line && row < size.ws_row; row++) {
                size_t n = strcspn(line, "\n");

                printf("%.*s" LINE_END, (int) n, line);
                line += n + (line[n] == '\n');
        }
        printf(SCREEN_REST);
        return flush_output(t->report);
}

static int begin_screen(Top *t) {
        struct termios raw = t->saved;

        raw.c_lflag &= ~(tcflag_t) (ICANON | ECHO);
        if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) < 0)
                return report_error(t->report, errno, "cannot use the terminal: %s", strerror(errno));
        fputs(SCREEN_BEGIN, stdout);
        return 0;
}

static void end_screen(Top *t) {
        fputs(SCREEN_END, stdout);
        fflush(stdout);
        (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &t->saved);
}

static void top_deinit(Top *t) {
        if (t->signals >= 0)
                end_screen(t);
        fd_close(t->signals);
        round_deinit(&t->last);
}

static int begin(Top *t) {
        static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
        sigset_t mask;
        int fd;

        if (tcgetattr(STDIN_FILENO, &t->saved) < 0)
                return report_error(t->report, errno, "cannot use the terminal: %s", strerror(errno));
        sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(caught); i++)
                sigaddset(&mask, caught[i]);
        fd = sigprocmask(SIG_BLOCK, &mask, NULL) < 0 ? -1 : signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return report_error(t->report, errno, "cannot receive signals: %s", strerror(errno));
        t->signals = fd;
        return begin_screen(t);
}

/* Returns 1 if isoctl is to end, 0 if not, or -errno, reported. */
static int take_signal(Top *t) {
        struct signalfd_siginfo info;

        if (read(t->signals, &info, sizeof(info)) != sizeof(info))
                return 0;
        if (info.ssi_signo == SIGTSTP) {
                end_screen(t);
                raise(SIGSTOP);
                return begin_screen(t);
        }
        return info.ssi_signo == SIGWINCH ? 0 : 1;
}

/* Returns 1 if isoctl is to end, 0 if not. */
static int take_key(void) {
        char keys[32];
        ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

        if (n <= 0)
                return n == 0 || (errno != EINTR && errno != EAGAIN);
        return memchr(keys, 'q', (size_t) n) || memchr(keys, 'Q', (size_t) n);
}

static int show(Top *t) {
        int r = begin(t);

        while (r == 0) {
                struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                                        { .fd = t->signals, .events = POLLIN } };

                r = look(t);
                if (r >= 0)
                        r = draw(t);
                if (r < 0 || poll(fds, ELEMENTSOF(fds), (int) t->delay_msec) <= 0)
                        continue;
                if (fds[1].revents)
                        r = take_signal(t);
                if (r == 0 && fds[0].revents)
                        r = take_key();
        }
        return r;
}

static int print_table(const Top *t) {
        _cleanup_free_ char *text = table_format(&t->last.list, t->last.usages, &(TableStyle) { .legend = true });

        if (!text)
                return report_oom(t->report);
        fputs(text, stdout);
        return 0;
}

static json_t *make_json(const void *items, size_t i) {
        const Round *round = items;
        const Usage *u = &round->usages[i];
        json_t *object = json_instance(&round->list.items[i], u);

        if (json_object_set_new(object, "flows", json_number(u->has_flows, u->flows)) < 0 ||
            json_object_set_new(object, "flow_bytes", json_number(u->has_flows, u->moved)) < 0)
                return json_decref(object), NULL;
        return object;
}

static int print_json(const Top *t) {
        int r = json_print_array(make_json, &t->last, t->last.list.n, stdout);

        return r < 0 ? report_error(t->report, -r, "cannot print JSON: %s", strerror(-r)) : 0;
}

static int print_once(Top *t, int (*print)(const Top *t)) {
        int r = look(t);

        if (r >= 0)
                r = print(t);
        return r < 0 ? r : flush_output(t->report);
}

static int parse_delay(const char *text, Top *t) {
        uint64_t usec;

        if (parse_timespan(text, &usec) < 0 || usec < 10000 || usec > UINT64_C(86400000000))
                return report_error(t->report, EINVAL, "top: not a time span (such as 2s): \"%s\"", text);
        t->delay_msec = usec / 1000;
        return 0;
}

static int run(const CommandLine *line, Report *report) {
        _cleanup_(top_deinit) Top t = { .delay_msec = 1000, .report = report, .signals = -1, .names = line->arguments };
        const char *delay = command_line_get(line, 'd');
        int r = delay ? parse_delay(delay, &t) : 0;

        const bool once = command_line_has(line, ARG_ONCE) || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO);

        if (r >= 0)
                r = command_line_has(line, ARG_JSON) ? print_once(&t, print_json)
                    : once                           ? print_once(&t, print_table)
                                                     : show(&t);
        return r < 0 ? PLAN_FAILED : 0;
}

static const Option options[] = {
        { 'd', "delay", "the time between two updates", { "SECONDS" } },
        { ARG_ONCE, "once", "print the table once, also on a terminal" },
        { ARG_JSON, "json", "print JSON once, with the columns of list and the connections" },
        {},
};
static const Argument arguments[] = { { "NAME", ARGUMENT_INSTANCE | ARGUMENT_OPTIONAL | ARGUMENT_REPEATED }, {} };

const Verb verb_top = {
        .name = "top",
        .help = "show the same as list, updated live",
        .details = "Press q to quit. If standard output is not a terminal, the table is printed once. FLOWS and NET/S\n"
                   "are the connections that isorun carries, and their bytes in a second: isoctl flows.",
        .options = options,
        .arguments = arguments,
        .run = run,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's environment. It is clean, like that of a service (systemd.exec(5)), except for variables about the
 * user, the language and the terminal. By default, no variable gets in that names a socket, a secret or a unit of the
 * caller. */
#include "plan/payload/environment.h"

#include <errno.h>

#include "plan/root/credentials.h"
#include "plan/root/service.h"
#include "util/parse.h"
#include "util/strv.h"
#include "util/text.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool same_name(const char *assignment, const char *name, size_t n) {
        return strncmp(assignment, name, n) == 0 && assignment[n] == '=';
}

/* Sets a variable. An earlier value is replaced. */
static int put(char ***environment, const char *assignment) {
        size_t n = strcspn(assignment, "=");
        char *copy;

        for (char **v = *environment; v && *v; v++)
                if (same_name(*v, assignment, n)) {
                        copy = strdup(assignment);
                        if (!copy)
                                return -ENOMEM;
                        free(*v);
                        *v = copy;
                        return 0;
                }
        return strv_push(environment, assignment);
}

static int put_value(char ***environment, const char *name, const char *value) {
        _cleanup_free_ char *assignment = NULL;

        if (!value)
                return 0;
        assignment = format("%s=%s", name, value);
        return assignment ? put(environment, assignment) : -ENOMEM;
}

static int pass_base(Builder *b, char ***environment) {
        static const char *const names[] = { "PATH", "HOME", "USER",      "LOGNAME",  "SHELL", "LANG",
                                             "TERM", "TZ",   "COLORTERM", "NO_COLOR", "LANGUAGE" };
        int r;

        r = put_value(environment, "PATH", DEFAULT_PATH);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++)
                r = put_value(environment, names[i], host_variable(b->host, names[i]));
        for (char *const *v = b->host->environment; r >= 0 && v && *v; v++)
                if (startswith(*v, "LC_") && strchr(*v, '='))
                        r = put(environment, *v);

        if (r >= 0 && b->user.name) {
                r = put_value(environment, "USER", b->user.name);
                if (r >= 0)
                        r = put_value(environment, "LOGNAME", b->user.name);
                if (r >= 0)
                        r = put_value(environment, "HOME", b->user.home);
                if (r >= 0)
                        r = put_value(environment, "SHELL", b->user.shell);
                /* The caller's PATH usually lacks the directories of root's programs. */
                if (r >= 0 && b->plan->uid == 0 && b->host->uid != 0)
                        r = put_value(environment, "PATH", DEFAULT_PATH);
        }
        return r;
}

/* sd_listen_fds(3): the variables are only for the process that LISTEN_PID names. isorun sets it to the payload's pid
 * when that is known. */
static int pass_listen_fds(Builder *b, char ***environment) {
        const char *pid = host_variable(b->host, "LISTEN_PID"), *fds = host_variable(b->host, "LISTEN_FDS");
        uint64_t n_pid, n_fds;
        int r;

        if (!pid || !fds || parse_u64(pid, &n_pid) < 0 || n_pid != (uint64_t) b->host->pid ||
            parse_u64_range(fds, 1, 65536, &n_fds) < 0)
                return 0;

        b->plan->n_passed_fds = n_fds;
        r = put_value(environment, "LISTEN_FDS", fds);
        return r < 0 ? r : put_value(environment, "LISTEN_FDNAMES", host_variable(b->host, "LISTEN_FDNAMES"));
}

/* The payload gets a socket of its own. sd_watchdog_enabled(3): WATCHDOG_USEC is only for the process that WATCHDOG_PID
 * names, which isorun sets when the payload's pid is known. Without WATCHDOG_PID it is for every process. */
static int pass_notify(Builder *b, char ***environment) {
        const char *pid = host_variable(b->host, "WATCHDOG_PID"), *usec = host_variable(b->host, "WATCHDOG_USEC");
        uint64_t number;
        int r;

        if (!b->plan->notify)
                return 0;
        r = put_value(environment, "NOTIFY_SOCKET", PLAN_NOTIFY_DIRECTORY "/" PLAN_NOTIFY_NAME);
        if (r < 0 || (pid && (parse_u64(pid, &number) < 0 || number != (uint64_t) b->host->pid)))
                return r;
        b->plan->watchdog = pid && usec;
        return put_value(environment, "WATCHDOG_USEC", usec);
}

static void unset(char **environment, const char *what) {
        char **out = environment;
        size_t n = strlen(what);

        for (char **v = environment; v && *v; v++) {
                if (strchr(what, '=') ? streq(*v, what) : same_name(*v, what, n))
                        free(*v);
                else
                        *out++ = *v;
        }
        if (out)
                *out = NULL;
}

static int put_service_variable(void *userdata, const char *name, const char *value) {
        return put_value(userdata, name, value);
}

/* systemd.exec(5): $CREDENTIALS_DIRECTORY. */
static int name_credentials(Builder *b, char ***environment) {
        _cleanup_free_ char *dir = NULL;
        int r;

        r = build_credentials_directory(b, &dir);
        return r < 0 ? r : put_value(environment, "CREDENTIALS_DIRECTORY", dir);
}

int build_environment(Builder *b) {
        const SettingList *pass = build_list(b, D_PassEnvironment), *set = build_list(b, D_Environment),
                          *remove = build_list(b, D_UnsetEnvironment);
        char ***environment = &b->plan->environment;
        int r;

        r = pass_base(b, environment);
        if (r >= 0)
                r = pass_listen_fds(b, environment);
        if (r >= 0)
                r = build_visit_service_variables(b, put_service_variable, environment);
        if (r >= 0)
                r = name_credentials(b, environment);
        for (size_t i = 0; r >= 0 && i < pass->n; i++)
                r = put_value(environment, pass->items[i].value.text,
                              host_variable(b->host, pass->items[i].value.text));
        /* After PassEnvironment=, so that the payload cannot get systemd's own socket. */
        if (r >= 0)
                r = pass_notify(b, environment);
        for (size_t i = 0; r >= 0 && i < set->n; i++)
                r = put(environment, set->items[i].value.text);
        for (size_t i = 0; r >= 0 && i < remove->n; i++)
                unset(*environment, remove->items[i].value.text);
        return r < 0 ? -ENOMEM : 0;
}

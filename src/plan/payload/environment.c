/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payload's environment. It is clean, like that of a service (systemd.exec(5)), except for variables about the
 * user, the language and the terminal. By default, no variable gets in that names a socket, a secret or a unit of the
 * caller. */
#include "plan/payload/environment.h"

#include <errno.h>

#include "plan/network/entrances.h"
#include "plan/root/credentials.h"
#include "plan/root/service.h"
#include "util/array.h"
#include "util/parse.h"
#include "util/text.h"

/* The assignments so far, later ones of the same name included. */
typedef struct Variables {
        char **items;
        size_t n;
} Variables;

static int put(Variables *variables, const char *assignment) {
        char *copy = strdup(assignment), **slot = copy ? ARRAY_APPEND(variables->items, variables->n) : NULL;

        if (!slot) {
                free(copy);
                return -ENOMEM;
        }
        *slot = copy;
        return 0;
}

static int put_value(Variables *variables, const char *name, const char *value) {
        _cleanup_free_ char *assignment = NULL;

        if (!value)
                return 0;
        assignment = format("%s=%s", name, value);
        return assignment ? put(variables, assignment) : -ENOMEM;
}

/* The caller's variables that reach the payload, with those that begin with LC_. */
static const char *const base_names[] = { "PATH", "HOME", "USER",      "LOGNAME",  "SHELL", "LANG",
                                          "TERM", "TZ",   "COLORTERM", "NO_COLOR", "LANGUAGE" };

bool environment_passes(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(base_names); i++)
                if (streq(name, base_names[i]))
                        return true;
        return startswith(name, "LC_");
}

static int pass_base(Builder *b, Variables *variables) {
        int r;

        r = put_value(variables, "PATH", ENVIRONMENT_PATH);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(base_names); i++)
                r = put_value(variables, base_names[i], host_variable(b->host, base_names[i]));
        for (char *const *v = b->host->environment; r >= 0 && v && *v; v++)
                if (startswith(*v, "LC_") && strchr(*v, '='))
                        r = put(variables, *v);

        if (r >= 0 && b->user.name) {
                r = put_value(variables, "USER", b->user.name);
                if (r >= 0)
                        r = put_value(variables, "LOGNAME", b->user.name);
                if (r >= 0)
                        r = put_value(variables, "HOME", b->user.home);
                if (r >= 0)
                        r = put_value(variables, "SHELL", b->user.shell);
                /* The caller's PATH usually lacks the directories of root's programs. */
                if (r >= 0 && b->plan->uid == 0 && b->host->uid != 0)
                        r = put_value(variables, "PATH", ENVIRONMENT_PATH);
        }
        return r;
}

/* sd_listen_fds(3): the variables are only for the process that LISTEN_PID names. isorun sets it to the payload's pid
 * when that is known. */
static int pass_listen_fds(Builder *b, Variables *variables) {
        const char *pid = host_variable(b->host, "LISTEN_PID"), *fds = host_variable(b->host, "LISTEN_FDS");
        const char *names = host_variable(b->host, "LISTEN_FDNAMES");
        _cleanup_free_ char *passed_names = NULL, *number = NULL;
        uint64_t n_pid, n_fds;
        int r;

        if (!pid || !fds || parse_u64(pid, &n_pid) < 0 || n_pid != (uint64_t) b->host->pid ||
            parse_u64_range(fds, 1, 65536, &n_fds) < 0)
                return 0;

        r = entrances_take_passed(b, n_fds, names, &passed_names);
        if (r <= 0)
                return r;
        b->plan->n_passed_fds = (size_t) r;
        number = format("%d", r);
        r = number ? put_value(variables, "LISTEN_FDS", number) : -ENOMEM;
        return r < 0 ? r : put_value(variables, "LISTEN_FDNAMES", names ? passed_names : NULL);
}

/* The payload gets a socket of its own. sd_watchdog_enabled(3): WATCHDOG_USEC is only for the process that WATCHDOG_PID
 * names, which isorun sets when the payload's pid is known. Without WATCHDOG_PID it is for every process. */
static int pass_notify(Builder *b, Variables *variables) {
        const char *pid = host_variable(b->host, "WATCHDOG_PID"), *usec = host_variable(b->host, "WATCHDOG_USEC");
        uint64_t number;
        int r;

        if (!b->plan->notify)
                return 0;
        r = put_value(variables, "NOTIFY_SOCKET", PLAN_NOTIFY_DIRECTORY "/" PLAN_NOTIFY_NAME);
        if (r < 0 || (pid && (parse_u64(pid, &number) < 0 || number != (uint64_t) b->host->pid)))
                return r;
        b->plan->watchdog = pid && usec;
        return put_value(variables, "WATCHDOG_USEC", usec);
}

static int put_service_variable(void *userdata, const char *name, const char *value) {
        return put_value(userdata, name, value);
}

/* systemd.exec(5): $CREDENTIALS_DIRECTORY. */
static int name_credentials(Builder *b, Variables *variables) {
        _cleanup_free_ char *dir = NULL;
        int r;

        r = build_credentials_directory(b, &dir);
        return r < 0 ? r : put_value(variables, "CREDENTIALS_DIRECTORY", dir);
}

/* Compares the names of two assignments, or names. */
static int compare_names(const char *a, const char *b) {
        size_t m = strcspn(a, "="), n = strcspn(b, "=");

        return memcmp(a, b, m < n ? m : n) ?: (m > n) - (m < n);
}

/* By name; those of one name stay in their order, which is that of their places in the array. */
static int compare_places(const void *a, const void *b) {
        char *const *x = *(char **const *) a, *const *y = *(char **const *) b;

        return compare_names(*x, *y) ?: (x > y) - (x < y);
}

/* Leaves the last assignment of each name, at the place of the first. */
static int settle(Variables *variables) {
        _cleanup_free_ char ***places = calloc(variables->n + 1, sizeof(char **));
        size_t first = 0, kept = 0;

        if (!places)
                return -ENOMEM;
        for (size_t i = 0; i < variables->n; i++)
                places[i] = &variables->items[i];
        qsort(places, variables->n, sizeof(char **), compare_places);
        for (size_t i = 1; i < variables->n; i++) {
                if (compare_names(*places[first], *places[i]) != 0) {
                        first = i;
                        continue;
                }
                free(*places[first]);
                *places[first] = TAKE_PTR(*places[i]);
        }
        for (size_t i = 0; i < variables->n; i++)
                if (variables->items[i])
                        variables->items[kept++] = variables->items[i];
        variables->n = kept;
        return 0;
}

static int compare_text(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Compares the name of an assignment with a word. */
static int compare_with_name(const void *assignment, const void *word) {
        size_t n = strcspn(assignment, "=");
        const char *w = *(const char *const *) word;

        return strncmp(assignment, w, n) ?: -(w[n] != '\0');
}

/* UnsetEnvironment= has names, and assignments, which remove a variable only with this value. words: sorted. */
static bool is_unset(const char *assignment, const char **words, size_t n) {
        return bsearch(&assignment, words, n, sizeof(char *), compare_text) ||
               bsearch(assignment, words, n, sizeof(char *), compare_with_name);
}

/* removed has room for all variables. */
static void move_unset(Variables *variables, const char **words, size_t n, char **removed) {
        size_t kept = 0;

        for (size_t i = 0; i < variables->n; i++)
                if (is_unset(variables->items[i], words, n))
                        *removed++ = variables->items[i];
                else
                        variables->items[kept++] = variables->items[i];
        variables->n = kept;
}

static int unset(Variables *variables, const SettingList *list, char ***ret) {
        _cleanup_free_ const char **words = list->n > 0 ? calloc(list->n, sizeof(char *)) : NULL;

        if (list->n == 0)
                return 0;
        *ret = calloc(variables->n + 1, sizeof(char *));
        if (!words || !*ret)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++)
                words[i] = list->items[i].value.text;
        qsort(words, list->n, sizeof(char *), compare_text);
        move_unset(variables, words, list->n, *ret);
        return 0;
}

static void variables_deinit(Variables *variables) {
        for (size_t i = 0; i < variables->n; i++)
                free(variables->items[i]);
        free(variables->items);
}

/* "*" is for all variables of the caller, except those about isorun itself as a service's process. */
static int pass_variable(Builder *b, Variables *variables, const char *name) {
        static const char *const own[] = { "NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_", "SYSTEMD_EXEC_PID=", "MAINPID=",
                                           "MANAGERPID=", "JOURNAL_STREAM=", "CREDENTIALS_DIRECTORY=" };
        int r = 0;

        if (!streq(name, "*"))
                return put_value(variables, name, host_variable(b->host, name));
        for (char *const *v = b->host->environment; r >= 0 && v && *v; v++) {
                bool is_own = !strchr(*v, '=');

                for (size_t i = 0; i < ELEMENTSOF(own); i++)
                        is_own = is_own || startswith(*v, own[i]);
                r = is_own ? 0 : put(variables, *v);
        }
        return r;
}

static int fill(Builder *b, Variables *variables) {
        const SettingList *pass = build_list(b, D_PassEnvironment), *set = build_list(b, D_Environment);
        int r;

        r = pass_base(b, variables);
        if (r >= 0)
                r = pass_listen_fds(b, variables);
        if (r >= 0)
                r = build_visit_service_variables(b, put_service_variable, variables);
        if (r >= 0)
                r = name_credentials(b, variables);
        for (size_t i = 0; r >= 0 && i < pass->n; i++)
                r = pass_variable(b, variables, pass->items[i].value.text);
        /* After PassEnvironment=, so that the payload cannot get systemd's own socket. */
        if (r >= 0)
                r = pass_notify(b, variables);
        for (size_t i = 0; r >= 0 && i < set->n; i++)
                r = put(variables, set->items[i].value.text);
        return r;
}

int build_environment(Builder *b) {
        _cleanup_(variables_deinit) Variables variables = {};
        int r;

        r = fill(b, &variables);
        if (r >= 0)
                r = settle(&variables);
        if (r >= 0)
                r = unset(&variables, build_list(b, D_UnsetEnvironment), &b->plan->unset);
        /* The NULL at the end. */
        if (r < 0 || !ARRAY_APPEND(variables.items, variables.n))
                return -ENOMEM;
        b->plan->environment = variables.items;
        b->plan->caller_environment = b->host->environment;
        variables = (Variables) {};
        return 0;
}

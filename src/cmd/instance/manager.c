/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/manager.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sandbox/systemd/scope.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/text.h"

/* Functions that isorun does not need, so they have a table of their own. */
#define MANAGER_FUNCTIONS(X)            \
        X(sd_bus_match_signal)          \
        X(sd_bus_wait)

typedef struct ManagerLibrary {
        MANAGER_FUNCTIONS(LIBRARY_POINTER)
} ManagerLibrary;

enum {
        FOREIGN_ANSWER_SECONDS = 5, /* the longest wait for an answer of another user's manager */
        FOREIGN_STOP_SECONDS = 100, /* ... and for its jobs: a little more than systemd's DefaultTimeoutStopSec= */
};

typedef struct Job {
        char *path, *result; /* result: systemd's word for how it ended */
        bool ended;
        const char *name;
} Job;

struct Manager {
        const BusLibrary *lib;
        ManagerLibrary more;
        sd_bus *bus;
        uid_t uid;
        Job *jobs;
        size_t n_jobs, n_ended; /* the first n_ended jobs have ended */
};

Manager *manager_free(Manager *m) {
        if (!m)
                return NULL;
        /* All requests have been answered or given up. To flush could wait without end. */
        if (m->bus)
                m->lib->sd_bus_close_unref(m->bus);
        for (size_t i = 0; i < m->n_jobs; i++) {
                free(m->jobs[i].path);
                free(m->jobs[i].result);
        }
        free(m->jobs);
        free(m);
        return NULL;
}

uid_t manager_uid(const Manager *m) {
        return m->uid;
}

static bool is_foreign(const Manager *m) {
        return m->uid != MANAGER_SYSTEM && m->uid != geteuid();
}

static uint64_t now_usec(void) {
        return clock_usec(CLOCK_MONOTONIC);
}

/* The limit of a method call, for libsystemd, which has one of 25 seconds itself. */
static uint64_t answer_usec(const Manager *m) {
        return is_foreign(m) ? (uint64_t) FOREIGN_ANSWER_SECONDS * 1000000 : 0;
}

static int load(Manager *m, Report *report) {
        static const char *const names[] = { MANAGER_FUNCTIONS(LIBRARY_NAME) };
        int r;

        m->lib = bus_library(report);
        if (!m->lib)
                return -ENOENT;
        r = library_load("libsystemd.so.0", names, ELEMENTSOF(names), &m->more);
        return r < 0 ? report_error(report, -r,
                                    "libsystemd.so.0 is too old: isoctl needs that of systemd 252 or newer")
                     : 0;
}

/* Connects to the socket that systemctl --user uses. It is in a directory of that user, who could have replaced it, for
 * example by the socket of the system's manager. So the process that listens must belong to that user. Returns the fd
 * or -errno. */
static int connect_private(uid_t uid) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const struct timeval limit = { .tv_sec = FOREIGN_ANSWER_SECONDS };
        socklen_t size = sizeof(struct ucred);
        struct ucred peer;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0) /* also of connect(2) */
                return -errno;
        snprintf(address.sun_path, sizeof(address.sun_path), "/run/user/%u/systemd/private", uid);
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        return peer.uid == uid ? TAKE_FD(fd) : -EPERM;
}

/* Waits until the manager has authenticated this process. libsystemd itself waits up to 90 seconds. */
static int wait_until_ready(const Manager *m) {
        const uint64_t end = now_usec() + answer_usec(m);
        int r;

        while ((r = m->lib->sd_bus_is_ready(m->bus)) == 0) {
                uint64_t now = now_usec();

                if (now >= end)
                        return -ETIMEDOUT;
                r = m->lib->sd_bus_process(m->bus, NULL);
                if (r == 0)
                        r = m->more.sd_bus_wait(m->bus, end - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return r < 0 ? r : 0;
}

static int open_private(Manager *m, Report *report) {
        _cleanup_close_ int fd = connect_private(m->uid);
        int r = fd < 0 ? fd : m->lib->sd_bus_new(&m->bus);

        if (r >= 0)
                r = m->lib->sd_bus_set_fd(m->bus, fd, fd);
        if (r >= 0) {
                fd = -1; /* the bus's */
                r = m->lib->sd_bus_start(m->bus);
        }
        if (r >= 0)
                r = wait_until_ready(m);
        if (r == -ETIMEDOUT || r == -EAGAIN)
                return report_error(report, ETIMEDOUT, "the systemd of user %u has not answered within %d seconds",
                                    m->uid, FOREIGN_ANSWER_SECONDS);
        return r < 0 ? report_error(report, -r, "cannot connect to the systemd of user %u: %s",
                                    m->uid, strerror(-r)) : 0;
}

static int on_job_removed(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error) {
        const char *path, *unit, *result;
        Manager *m = userdata;

        if (m->lib->sd_bus_message_read(message, "uoss", NULL, &path, &unit, &result) < 0)
                return 0;
        /* Jobs end about in the order in which they began. */
        for (size_t i = m->n_ended; i < m->n_jobs; i++)
                if (!m->jobs[i].ended && streq(m->jobs[i].path, path)) {
                        m->jobs[i].result = strdup(result);
                        m->jobs[i].ended = true;
                }
        while (m->n_ended < m->n_jobs && m->jobs[m->n_ended].ended)
                m->n_ended++;
        return 0;
}

int manager_open(Manager **ret, uid_t uid, Report *report) {
        _cleanup_(manager_freep) Manager *m = calloc(1, sizeof(Manager));
        int r;

        if (!m)
                return report_oom(report);
        m->uid = uid;
        r = load(m, report);
        if (r < 0)
                return r;

        if (uid == MANAGER_SYSTEM || uid == geteuid())
                r = bus_open_manager(m->lib, uid != MANAGER_SYSTEM, &m->bus, report);
        else if (geteuid() != 0)
                r = report_error(report, EPERM, "only user %u and root may do this", uid);
        else
                r = open_private(m, report);
        if (r < 0)
                return r;

        /* This is before the first request, so that no job's end is missed. */
        r = m->more.sd_bus_match_signal(m->bus, NULL, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved", on_job_removed,
                                        m);
        if (r < 0)
                return report_error(report, -r, "cannot talk to systemd: %s", strerror(-r));
        *ret = TAKE_PTR(m);
        return 0;
}

static int begin(Manager *m, const char *method, sd_bus_message **ret) {
        return m->lib->sd_bus_message_new_method_call(m->bus, ret, SYSTEMD_DESTINATION, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                                      method);
}

/* Sends the message if r is not an error, and takes it over. r is the result of building it. *ret (may be NULL) is the
 * reply. Returns 0 or -errno, reported. */
static int finish(Manager *m, sd_bus_message *message, int r, const char *name, sd_bus_message **ret, Report *report) {
        sd_bus_error error = {};

        if (r >= 0)
                r = m->lib->sd_bus_call(m->bus, message, answer_usec(m), &error, ret);
        m->lib->sd_bus_message_unref(message);
        if (r == -ETIMEDOUT)
                r = report_error(report, ETIMEDOUT, "%s: its systemd does not answer", name);
        else if (r < 0)
                r = report_error(report, -r, "%s: systemd refused this: %s", name, error.message ?: strerror(-r));
        m->lib->sd_bus_error_free(&error);
        return r < 0 ? r : 0;
}

/* Asks for a property of a unit. interface is Service or Scope. Returns 0 or -errno, reported. */
static int get_property(Manager *m, const char *unit, const char *interface, const char *property,
                        sd_bus_message **ret, Report *report) {
        _cleanup_free_ char *path = NULL, *name = format("org.freedesktop.systemd1.%s", interface);
        sd_bus_message *message = NULL;
        int r = name ? m->lib->sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path) : -ENOMEM;

        if (r >= 0)
                r = m->lib->sd_bus_message_new_method_call(m->bus, &message, SYSTEMD_DESTINATION, path,
                                                           "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = m->lib->sd_bus_message_append(message, "ss", name, property);
        return finish(m, message, r, unit, ret, report);
}

static int cannot_read(const char *unit, int error, Report *report) {
        return report_error(report, -error, "%s: cannot read systemd's answer: %s", unit, strerror(-error));
}

int manager_main_process(Manager *m, const char *unit, pid_t *ret, Report *report) {
        sd_bus_message *reply = NULL;
        uint32_t pid;
        int r;

        r = get_property(m, unit, "Service", "MainPID", &reply, report);
        if (r < 0)
                return r;
        r = m->lib->sd_bus_message_read(reply, "v", "u", &pid);
        m->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return cannot_read(unit, r, report);
        *ret = (pid_t) pid;
        return 0;
}

int manager_read_property(Manager *m, const char *unit, const char *property, char type, ManagerValue *ret,
                          Report *report) {
        const char signature[] = { type, '\0' }, *text = NULL;
        sd_bus_message *reply = NULL;
        int32_t number = 0;
        uint64_t big = 0;
        int r;

        r = get_property(m, unit, endswith(unit, ".service") ? "Service" : "Scope", property, &reply, report);
        if (r < 0)
                return r;
        if (type == 's')
                r = m->lib->sd_bus_message_read(reply, "v", signature, &text);
        else if (type == 't')
                r = m->lib->sd_bus_message_read(reply, "v", signature, &big);
        else
                r = m->lib->sd_bus_message_read(reply, "v", signature, &number);
        if (r >= 0)
                *ret = (ManagerValue) { .number = type == 't' ? big : (uint64_t) number,
                                        .text = text ? strdup(text) : NULL };
        m->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return cannot_read(unit, r, report);
        return text && !ret->text ? report_oom(report) : 0;
}

int manager_stop(Manager *m, const char *unit, const char *name, Report *report) {
        sd_bus_message *message = NULL, *reply = NULL;
        const char *path;
        Job *job;
        int r;

        r = begin(m, "StopUnit", &message);
        if (r >= 0)
                r = m->lib->sd_bus_message_append(message, "ss", unit, "replace");
        r = finish(m, message, r, name, &reply, report);
        if (r < 0)
                return r;

        r = m->lib->sd_bus_message_read(reply, "o", &path);
        job = r < 0 ? NULL : ARRAY_APPEND(m->jobs, m->n_jobs);
        if (job) {
                job->name = name;
                job->path = strdup(path);
                if (!job->path)
                        m->n_jobs--;
        }
        m->lib->sd_bus_message_unref(reply);
        if (r < 0)
                return report_error(report, -r, "%s: cannot read systemd's answer: %s", name, strerror(-r));
        return job && job->path ? 0 : report_oom(report);
}

int manager_wait(Manager *m, Report *report) {
        const uint64_t end = is_foreign(m) ? now_usec() + (uint64_t) FOREIGN_STOP_SECONDS * 1000000 : UINT64_MAX;
        int result = 0;

        while (m->n_ended < m->n_jobs) {
                int r = m->lib->sd_bus_process(m->bus, NULL);
                uint64_t now = now_usec();

                if (now >= end)
                        return report_error(report, ETIMEDOUT, "the systemd of user %u has not stopped everything "
                                                               "within %d seconds", m->uid, FOREIGN_STOP_SECONDS);
                if (r == 0)
                        r = m->more.sd_bus_wait(m->bus, end == UINT64_MAX ? UINT64_MAX : end - now);
                if (r < 0 && r != -EINTR)
                        return report_error(report, -r, "cannot talk to systemd: %s", strerror(-r));
        }
        for (size_t i = 0; i < m->n_jobs; i++)
                if (!m->jobs[i].result || !streq(m->jobs[i].result, "done"))
                        result = report_error(report, EIO, "systemd did not stop %s: the result of its job is \"%s\"",
                                              m->jobs[i].name,
                                              m->jobs[i].result ?: "unknown");
        return result;
}

int manager_kill(Manager *m, const char *unit, const char *name, const char *whom, int signal, Report *report) {
        sd_bus_message *message = NULL;
        int r;

        r = begin(m, "KillUnit", &message);
        if (r >= 0)
                r = m->lib->sd_bus_message_append(message, "ssi", unit, whom, (int32_t) signal);
        return finish(m, message, r, name, NULL, report);
}

int manager_freeze(Manager *m, const char *unit, const char *name, bool freeze, Report *report) {
        sd_bus_message *message = NULL;
        int r;

        r = begin(m, freeze ? "FreezeUnit" : "ThawUnit", &message);
        if (r >= 0)
                r = m->lib->sd_bus_message_append(message, "s", unit);
        return finish(m, message, r, name, NULL, report);
}

int manager_set_properties(Manager *m, const char *unit, const char *name, const PlanProperty *properties, size_t n,
                           Report *report) {
        sd_bus_message *message = NULL;
        int r;

        r = begin(m, "SetUnitProperties", &message);
        if (r >= 0)
                r = m->lib->sd_bus_message_append(message, "sb", unit, 1);
        if (r >= 0)
                r = m->lib->sd_bus_message_open_container(message, 'a', "(sv)");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = property_append(m->lib, message, &properties[i]);
        if (r >= 0)
                r = m->lib->sd_bus_message_close_container(message);
        return finish(m, message, r, name, NULL, report);
}

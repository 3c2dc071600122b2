/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/verification.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "sandbox/wire/kept-answers.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/text.h"

/* The kinds of files that the reaper has open: sandbox/inside/promises.h. */
static const char *kind_of(const char *target) {
        if (streq(target, "/dev/null"))
                return "null";
        if (startswith(target, "socket:["))
                return "socket";
        if (streq(target, "anon_inode:[signalfd]"))
                return "signals";
        if (startswith(target, "user:[") || startswith(target, "net:[") || startswith(target, "ipc:[") ||
            startswith(target, "uts:[") || startswith(target, "mnt:["))
                return "namespace";
        if (endswith(target, "/cgroup.procs"))
                return "cgroup";
        if (startswith(target, "/memfd:" KEPT_ANSWERS_NAME " "))
                return "answers";
        if (strstr(target, "/isorun/images/images/"))
                return "image";
        return startswith(target, "/dev/pts/") || startswith(target, "/dev/tty") ? "terminal" : NULL;
}

typedef struct Kind {
        const char *name;
        unsigned n;
} Kind;

static void count(Verification *v, Kind kinds[], size_t n, int fd, const char *name) {
        _cleanup_free_ char *target = NULL;
        const char *kind;

        if (link_read(fd, name, &target) < 0)
                return; /* closed again */
        kind = kind_of(target);
        for (size_t i = 0; kind && i < n; i++)
                if (streq(kinds[i].name, kind)) {
                        kinds[i].n++;
                        return;
                }
        v->findings.may_pass = true;
        finding_add(&v->findings, VERDICT_BROKEN, "reaper", "", "its fd %s is %s, which it does not need", name,
                    target);
}

/* Each session (isoctl enter) has a socket, and until its command runs, a pipe. A daemon of the payload can look like
 * the process of a session. */
static unsigned sessions(const Verification *v) {
        unsigned n = 0;

        for (size_t i = 0; i < v->tasks.n; i++)
                n += v->tasks.items[i].session;
        return n;
}

static void compare(Verification *v, const Kind *kind) {
        const Promise *p = promises_find(v->promises, "descriptors", kind->name);
        const uint64_t most = (p ? promise_number_of(p, 1) : 0) + (streq(kind->name, "socket") ? sessions(v) : 0);

        if (kind->n <= most)
                return;
        v->findings.may_pass = true;
        finding_add(&v->findings, VERDICT_BROKEN, "reaper", "", "it has %u open files of the kind %s, and needs %ju",
                    kind->n, kind->name, (uintmax_t) most);
}

void verify_reaper(Verification *v) {
        Kind kinds[] = { { "null" },   { "socket" },   { "signals" }, { "namespace" },
                         { "cgroup" }, { "terminal" }, { "image" },   { "answers" } };
        const size_t before = findings_count(&v->findings, VERDICT_BROKEN);
        struct dirent *e;
        char path[64];
        DIR *dir;

        snprintf(path, sizeof(path), "/proc/%d/fd", v->instance->pid);
        dir = opendir(path);
        if (!dir) {
                finding_add(&v->findings, errno == EACCES ? VERDICT_UNSEEN : VERDICT_UNREAD, "reaper", "",
                            errno == EACCES ? "only root sees its open files" : "its open files cannot be read");
                return;
        }
        while ((e = readdir(dir)))
                if (e->d_name[0] != '.')
                        count(v, kinds, ELEMENTSOF(kinds), dirfd(dir), e->d_name);
        closedir(dir);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                compare(v, &kinds[i]);
        if (findings_count(&v->findings, VERDICT_BROKEN) == before)
                finding_add(&v->findings, VERDICT_HOLDS, "reaper", "", "it has only the open files that it needs");
}

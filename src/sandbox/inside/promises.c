/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/promises.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "plan/show/promises.h"
#include "policy/value/names.h"
#include "util/fd.h"

/* The place in payload->inner of a kind of namespace, or -1. */
static int inner_index(uint64_t type) {
        switch (type) {
        case CLONE_NEWUSER:
                return INNER_USERS;
        case CLONE_NEWNET:
                return INNER_NETWORK;
        case CLONE_NEWIPC:
                return INNER_IPC;
        case CLONE_NEWUTS:
                return INNER_UTS;
        case CLONE_NEWNS:
                return INNER_MOUNTS;
        default:
                return -1;
        }
}

static int write_namespace(const Payload *payload, const NamedNumber *type, FILE *f) {
        const int inner = inner_index((uint64_t) type->number);
        struct stat own, st;
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/ns/%s", type->name);
        if (stat(path, &own) < 0)
                return -errno;
        st = own;
        if (inner >= 0 && payload->inner[inner] >= 0 && fstat(payload->inner[inner], &st) < 0)
                return -errno;
        promise_begin(f, "", "namespace");
        promise_text(f, type->name);
        promise_number(f, st.st_ino);
        promise_number(f, own.st_ino);
        promise_end(f);
        return 0;
}

static int write_namespaces(const Payload *payload, FILE *f) {
        const Plan *plan = payload->inside->plan;
        const uint64_t made = plan->namespaces | plan->inner_namespaces | CLONE_NEWCGROUP;
        int r = 0;

        for (const NamedNumber *n = namespace_types; r >= 0 && n->name; n++)
                if (made & (uint64_t) n->number)
                        r = write_namespace(payload, n, f);
        return r;
}

static void write_descriptors(const char *kind, unsigned n, FILE *f) {
        promise_begin(f, "", "descriptors");
        promise_text(f, kind);
        promise_number(f, n);
        promise_end(f);
}

/* As reaper.c keeps them. */
static void write_all_descriptors(const Payload *payload, FILE *f) {
        unsigned namespaces = 0;

        for (size_t i = 0; i < INNER_NAMESPACES; i++)
                namespaces += payload->inner[i] >= 0;
        write_descriptors("null", 3, f);
        /* After a hand-over, there are the two of its notify messages, and none to isorun. */
        write_descriptors("socket", payload->inside->plan->hand_over ? 2 : 1U + (payload->inside->notify >= 0), f);
        write_descriptors("answers", payload->inside->plan->hand_over, f);
        write_descriptors("signals", 1, f);
        write_descriptors("namespace", namespaces, f);
        write_descriptors("cgroup", payload->places[CGROUP_OF_PAYLOAD] >= 0, f);
        write_descriptors("terminal", payload->terminal >= 0, f);
        write_descriptors("image", payload->inside->plan->hand_over && payload->inside->plan->layers_lock > 0, f);
}

static void write_user_limit(const PlanUserLimit *limit, FILE *f) {
        _cleanup_free_ char *path = NULL, *text = NULL;

        if (asprintf(&path, "/proc/sys/user/%s", limit->name) < 0 || file_read_line(AT_FDCWD, path, &text) < 0)
                return; /* hidden inside, as with ProcSubset=pid */
        promise_begin(f, "", "user-limit-is");
        promise_text(f, limit->name);
        promise_text(f, text);
        promise_end(f);
}

/* In a Landlock domain that handles files, every mount fails. This process has no filter, so it can have the
 * capabilities for a mount in namespaces of its own, if the kernel allows them. */
static void write_landlock(const Plan *plan, FILE *f) {
        if (!plan->landlock_files || unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
                return;
        promise_begin(f, "", "landlock-denies");
        promise_number(f, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 && errno == EPERM);
        promise_end(f);
}

int promises_write(const Payload *payload, FILE *f) {
        const Plan *plan = payload->inside->plan;
        int r = plan_print_promises(plan, f);

        if (r >= 0)
                r = write_namespaces(payload, f);
        if (r < 0)
                return r;
        write_all_descriptors(payload, f);
        for (size_t i = 0; i < plan->n_user_limits; i++)
                write_user_limit(&plan->user_limits[i], f);
        write_landlock(plan, f);
        return 0;
}

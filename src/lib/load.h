/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From the words of a command line, or from a program's own policy, to a plan. */

#include "lib/image-root.h"
#include "lib/rehearse.h"
#include "plan/plan.h"
#include "plan/request.h"
#include "policy/note.h"
#include "policy/policy.h"

/* A policy, and the data that it and its plan refer to. */
typedef struct Loaded {
        Host host;
        Policy *policy;
        char **search_path;
        Bindings bindings; /* from loaded_plan() */
        int image;         /* the mount of RootDirectory='s image, from loaded_plan(); 0: none */
        ImageRoot layers;  /* of RootDirectory=image:…, from loaded_plan() */
        char *name;        /* of the instance */
        char *unit;        /* the name of the instance's scope, if it gets one */
        char *runtime;
        Rehearsal rehearsal;
        bool uses_name; /* the policy depends on the instance's name */
        int (*probe)(Host *host, Report *report); /* NULL: host_probe() */
} Loaded;

void loaded_deinit(Loaded *l);

/* Looks at the host, chooses the instance's name, and reads the policy. The instance's name is name. If that is NULL,
 * it is the name of the service whose main process isorun is, or else it is made of the policy's or the command's name
 * and four random hexadecimal digits. spec may be NULL for "default"; arguments, the command, may be NULL. Of *l, it
 * reads only rehearsal and probe, which may be {}. Returns 0 or -errno, reported. l may have a policy even after an
 * error. */
int loaded_init(Loaded *l, const char *spec, const char *name, char *const *arguments, Report *report);

/* The same, but names of policies are looked up in the directory before first, if it is not NULL. */
int loaded_init_before(Loaded *l, const char *before, const char *spec, const char *name, char *const *arguments,
                       Report *report);

/* The same with the administrator's policy for a program (effective_find()). Nothing of it comes from a directory of
 * the caller. Does not look whether a system call filter around this process would stop a start:
 * around_check_filter(). */
int loaded_init_administrator(Loaded *l, const char *policy, const char *name, char *const *arguments, Report *report);

/* The same with the policy that a program carries, whose path names the instance. Does not look for a filter either. */
int loaded_init_notes(Loaded *l, const Notes *notes, const char *program, Report *report);

/* Completes the policy, fills *request in, and makes the plan, which refers to l. bindings are n words "NAME=SOURCE"
 * from the command line; the tables of volumes are read only if the policy has names. If RootDirectory= is an image,
 * mounts it if request->read_image is set, and only tests it if not. Returns 0, or the exit status for a failure, which
 * is reported. */
int loaded_plan(Loaded *l, char *const *bindings, size_t n, PlanRequest *request, Plan **ret, Report *report);

/* Whether --name accepts the name. */
bool name_is_valid(const char *name);

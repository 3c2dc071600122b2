/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isoctl explain and why say about a bundle. The Spec is what a policy and its plan are for a sandbox; an entry's
 * origin is the line of config.json, or, if the file has only one line, the JSON pointer:
 * "config.json#/process/cwd". */

#include "oci/spec/spec.h"
#include "plan/show/output.h"
#include "plan/show/summary-line.h"
#include "plan/why/question.h"

typedef struct Bundle {
        const Spec *spec;
        const Plan *policy; /* of the annotation, with its rules; NULL: none */
        char **pointers; /* origins refer to them */
        IdMap joined_uids, joined_gids; /* of a user namespace that config.json names without its maps */
        bool users_unknown; /* isoctl cannot read these */
        bool oom;
} Bundle;

void bundle_deinit(Bundle *bundle);

/* The origin of the value at a JSON pointer; without a file if config.json has no such value. It belongs to the bundle.
 * If memory runs out, sets bundle->oom. */
Origin bundle_origin(Bundle *bundle, const char *pointer, ...) _printf_(2, 3);

/* The line of the annotation's policy, if that lowered the limit, or else of config.json: of the process's limit i, and
 * of a file of the cgroup. */
Origin bundle_limit_origin(Bundle *bundle, size_t i);
Origin bundle_file_origin(Bundle *bundle, const SpecCgroupFile *file);

/* These are for Entries, whose subject is a Bundle. bundle_print_root() prints the root that the command finds, sorted;
 * bundle_print() prints mounts in the order of config.json. */
int bundle_summarize(void *subject, Summary *ret);
int bundle_print(void *subject, const PlanPrinter *printer, void *userdata);
int bundle_print_root(void *subject, const PlanPrinter *printer, void *userdata);

/* What a mount is, for a reader, on the heap; NULL when memory runs out. */
char *bundle_mount_words(const SpecMount *mount);

/* The origin of a namespace of the container: an index into spec_namespaces. */
Origin bundle_namespace_origin(Bundle *bundle, size_t i);

/* Answers a question about the process of config.json. Returns 0, -ENOMEM, or -EINVAL as plan_why() does. */
int bundle_why(Bundle *bundle, const WhyQuestion *question, WhyAnswer *ret);

/* Reads the id maps of a user namespace that the container joins, if its path is that of a process. Returns 0 or
 * -ENOMEM. */
int bundle_find_users(Bundle *bundle);

/* The maps of the container's user namespace; empty: it is the caller's, or bundle->users_unknown. */
const IdMap *bundle_uid_map(const Bundle *bundle);
const IdMap *bundle_gid_map(const Bundle *bundle);

/* The capabilities that the command has after execve(2), capabilities(7), and that the annotation's policy leaves. */
uint64_t bundle_capabilities(const Spec *spec);

/* Whether the process has no_new_privs: by config.json, or as always under a policy. */
bool bundle_gains_nothing(const Spec *spec);

/* The line of the annotation's policy, which there must be, that bounds capabilities; without a file if it has none. */
Origin bundle_capabilities_line(const Bundle *bundle);

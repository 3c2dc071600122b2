/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A policy asks for a volume or a root by name ("data"). The caller binds the name to a directory, on the command line
 * or in a table. */

#include <stdbool.h>
#include <stdint.h>

#include "policy/value/size.h"
#include "policy/value/specifier.h"
#include "util/report.h"

typedef struct Binding {
        char *name;
        char *source;     /* an absolute path; NULL if fd is set */
        int fd;           /* borrowed; -1: not an fd */
        uint64_t flags;   /* BIND_*; they only restrict what the policy allows */
        char **options;   /* "hide=*.key"; also a restriction */
        Size size;        /* of an overlay; also a restriction */
        Origin origin;    /* line 0: the command line */
} Binding;

typedef struct Bindings {
        Binding *items;
        size_t n;
        char **files; /* owns the file names of the origins */
        const Specifiers *specifiers;
} Bindings;

void bindings_deinit(Bindings *b);

/* Adds NAME=SOURCE[:OPTIONS] from the command line. SOURCE is an absolute path, or "fd:N" for file descriptor N of this
 * process. A later binding replaces an earlier one with the same name. Messages name the option, which must live as
 * long as the bindings. Returns 0, or -EBADMSG or -ENOMEM, reported. */
int bindings_add_argument(Bindings *b, const char *option, const char *argument, Report *report);

/* Reads the section [Volumes] of the tables: the files *.conf of each directory, sorted by name. A later line replaces
 * an earlier one with the same name, but never a binding of the command line. Returns 0 or -errno, reported. */
int bindings_read_tables(Bindings *b, char *const *directories, Report *report);

/* The directories of tables: first the host's, then the user's, if uid may use it (config_home_find()). The caller
 * frees the array. NULL when memory runs out. */
char **bindings_directories(const char *config_home, const char *home, uid_t uid);

/* The binding of this name, or NULL. */
Binding *bindings_find(const Bindings *b, const char *name);

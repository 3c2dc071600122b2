/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the names in a policy stand for: a policy asks for the volume "data", and who starts the instance says which
 * directory that is, on the command line or in a table. */

#include <stdbool.h>
#include <stdint.h>

#include "policy/value/specifier.h"
#include "util/report.h"

typedef struct Binding {
        char *name;
        char *source;     /* an absolute path; NULL where it is fd */
        int fd;           /* of this process, borrowed; -1: none */
        uint64_t flags;   /* BIND_*, that narrow what the policy allows */
        char **options;   /* "hide=*.key", likewise */
        Origin origin;    /* line 0: of the command line */
} Binding;

typedef struct Bindings {
        Binding *items;
        size_t n;
        char **files; /* owns the names in the origins */
        const Specifiers *specifiers;
} Bindings;

void bindings_deinit(Bindings *b);

/* Takes NAME=SOURCE[:OPTIONS] from the command line: SOURCE is an absolute path, or "fd:N". A later one of the same
 * name replaces an earlier one. option, which names it in messages, must live as long as the bindings. Returns 0, or
 * -EBADMSG or -ENOMEM, reported. */
int bindings_add_argument(Bindings *b, const char *option, const char *argument, Report *report);

/* Reads the tables: all *.conf files of the directories, each sorted by name, in the section [Volumes]; a later line
 * replaces an earlier one. What the command line has said stays. Returns 0 or -errno, reported. */
int bindings_read_tables(Bindings *b, char *const *directories, Report *report);

/* The directories of tables, the host's before the user's. NULL when memory runs out. */
char **bindings_directories(const char *config_home, const char *home);

/* NULL where nothing is bound to the name. */
Binding *bindings_find(const Bindings *b, const char *name);

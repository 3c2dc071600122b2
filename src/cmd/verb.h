/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* A verb of isoctl. argv[0] is the verb. Returns an exit status. */
typedef struct Verb {
        const char *name;
        int (*run)(int argc, char *argv[], Report *report);
        const char *synopsis;
        const char *help;
} Verb;

int verb_build(int argc, char *argv[], Report *report);
int verb_check(int argc, char *argv[], Report *report);
int verb_enter(int argc, char *argv[], Report *report);
int verb_explain(int argc, char *argv[], Report *report);
int verb_grant(int argc, char *argv[], Report *report);
int verb_list(int argc, char *argv[], Report *report);
int verb_revoke(int argc, char *argv[], Report *report);
int verb_status(int argc, char *argv[], Report *report);

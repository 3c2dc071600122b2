/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The config of a container image, image-spec/config.md of OCI, as lines of a policy. */

#include <stdbool.h>

#include "util/report.h"

/* The ids of an image's files, and of its User. */
typedef struct ConfigIds {
        bool keep;         /* files keep their ids; otherwise all are the user's own */
        bool subordinate;  /* as subordinate ids of a user */
        bool others;       /* some are not root's */
        uint32_t uid, gid; /* of User */
        const char *home;  /* of User; NULL: unknown */
} ConfigIds;

/* Writes what isorun uses of a config, as the text of a policy: Entrypoint and Cmd as ExecStart=, Env as Environment=,
 * WorkingDir, Volumes as directories in memory, User as User= and Group=, and StopSignal as KillSignal=. A notice says
 * what it does not use. *ret is on the heap. Returns 0 or -errno, reported. */
int config_write_policy(const char *text, size_t size, const ConfigIds *ids, char **ret, Report *report);

/* What else a user wants to know of a config. All on the heap. */
typedef struct ConfigFacts {
        char *user;   /* NULL: it names none */
        char **ports; /* "8080/tcp" */
} ConfigFacts;

void config_facts_deinit(ConfigFacts *facts);

/* Returns 0 or -errno, reported. */
int config_read_facts(const char *text, size_t size, ConfigFacts *ret, Report *report);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A line of the input of isorun --batch: an object with
 *
 *     argv       the command: an array of strings, the only key that is required
 *     env        variables: an object of strings
 *     stdin, stdout, stderr   paths on the host
 *     volumes    an array of strings, each as after -v
 *     name       the instance's name
 */

#include <stdint.h>

#include "cmd/show/json-library.h"

typedef struct Job {
        uint64_t line;        /* counted from 1 */
        const char *name;     /* NULL: none is given */
        const char **argv;    /* ends with NULL, as the other arrays */
        char **env;           /* NAME=VALUE; may be NULL */
        const char **volumes; /* may be NULL */
        const char *files[3]; /* of fds 0 to 2; NULL: none is given */
        json_t *root;         /* has all strings but those of env */
} Job;

/* The keys of the files of fds 0 to 2. */
extern const char *const job_file_keys[3];

void job_deinit(Job *job, const JsonLibrary *lib);

/* Reads a line. Returns 0 or -errno, reported. The job must be freed in both cases; line and name are set as far as
 * they are known. */
int job_read(Job *job, const JsonLibrary *lib, uint64_t line, const char *text, size_t size, Report *report);

/* The value of the variable that the job sets, or NULL. */
const char *job_variable(const Job *job, const char *name);

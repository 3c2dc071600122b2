/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processes that read what strangers have packed: one decompresses, another one unpacks. isoctl between them
 * computes the digest, so that neither can claim another one. Each has only its fds 0 to 3, no network, and few system
 * calls. Its root is the directory that it fills, and Landlock lets it open nothing else. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/report.h"

/* What such a process tells at its end. It is data from a stranger: isoctl prints the text with its control characters
 * escaped, and believes no more of it. */
typedef struct HelperResult {
        bool done;
        uint32_t devices, xattrs; /* left out */
        uint32_t others;          /* users and groups of files that are not root */
        uint64_t size;            /* of the files together, in bytes */
        char text[300];           /* why it has failed */
} HelperResult;

typedef struct Helper {
        pid_t pid; /* 0: it does not run */
        int result;
} Helper;

/* The fds of a helper. */
enum {
        HELPER_INPUT,
        HELPER_OUTPUT,
        HELPER_RESULT,
        HELPER_DIRECTORY,
};

typedef void (*HelperRun)(const void *userdata, HelperResult *ret);

/* Starts a process that runs confined. output and directory may be -1. Returns 0 or -errno, reported. */
int helper_start(Helper *h, HelperRun run, const void *userdata, int input, int output, int directory, Report *report);

/* Waits for its end. Returns 0 if it is done, or -EBADMSG; ret->text says why. */
int helper_wait(Helper *h, HelperResult *ret);

/* Kills it, if it runs. */
void helper_end(Helper *h);

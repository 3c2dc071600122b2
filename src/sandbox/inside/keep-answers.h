/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/payload.h"

/* In the reaper, with the fd of an empty file from keep_answers_open(), and isorun's mountinfo or -1: forks a process
 * that writes the answers of wire/kept-answers.h into the file, and seals it. If that fails, isoctl finds a file
 * without seals. */
void keep_answers(const Payload *payload, int fd, int mounts);

/* Returns the fd or -errno. */
int keep_answers_open(void);

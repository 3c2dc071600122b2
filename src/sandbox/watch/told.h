/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes what the sandbox has denied: as a line for people, or as words for isoctl, which asks while the payload
 * runs. */

#include <stdio.h>

#include "plan/why/question.h"

/* What is said if there is nothing to tell. */
#define TOLD_NOTHING "the sandbox has denied nothing"

typedef struct Told {
        const char *call;   /* the name of the system call */
        const char *object; /* a path, an address, a family of sockets, or "" */
        uint32_t count;     /* how often it failed */
        const char *reason; /* "hidden by web.conf:12 InaccessiblePaths=" */
        WhyAnswer answer;
} Told;

/* The line, on the heap; NULL when memory runs out. What the payload has chosen is not escaped in it. */
char *told_format(const Told *told);

/* Writes two lines: "denied CALL OBJECT COUNT REASON", words of util/word.h, and the answer (plan/why/kept.h). */
void told_write(const Told *told, FILE *f);

/* Writes a line that is about no denial: "remark TEXT". */
void told_write_remark(const char *text, FILE *f);

/* What told_parse() has found; told borrows its strings from words. */
typedef struct ToldLine {
        bool is_remark; /* told.reason is its text, and there is nothing else */
        Told told;
        char **words;
} ToldLine;

/* Takes the next one or two lines from *text, which is changed, and which may be from an attacker. Returns 1, 0 at the
 * end, -EPROTO or -ENOMEM. */
int told_parse(char **text, ToldLine *ret);

void told_line_deinit(ToldLine *line);

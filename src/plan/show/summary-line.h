/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lines of a summary, whatever it is of. A lack of memory is kept in line->failed. */

#include <stdio.h>

#include "plan/plan.h"

/* A part of a line: "volumes /srv/a /srv/b". */
typedef struct SummaryPart {
        const char *name;  /* for programs; constant */
        const char *label; /* for people, before the words; constant, and "" if the words suffice */
        char **words;
        bool is_told;      /* the label says it to people; only programs get the words */
        bool is_word;      /* words has one entry, which programs get as a string; people get only the label */
        bool brief;        /* people get only the first words, and the number of the others */
        bool calls;        /* people get groups instead of many calls: plan/show/calls.h */
} SummaryPart;

enum { SUMMARY_PARTS = 5 };

typedef struct SummaryLine {
        const char *key; /* constant */
        SummaryPart parts[SUMMARY_PARTS];
        size_t n_parts;
        Origin *origins; /* without those that are built in */
        size_t n_origins;
        bool failed;     /* memory ran out */
} SummaryLine;

typedef struct Summary {
        SummaryLine *lines;
        size_t n_lines;
} Summary;

void summary_deinit(Summary *summary);

/* Prints the lines. Returns 0 or -ENOMEM. */
int summary_print(const Summary *summary, FILE *f);

/* Writes all that the summary has, for programs. Each line has words of util/word.h: "line KEY" begins one, "part NAME
 * list WORD..." or "part NAME text WORD" and "origin LINE [FILE]" belong to the last one. */
void summary_write(const Summary *summary, FILE *f);

/* Returns the new line, which belongs to the summary, or NULL when memory runs out. key is constant. */
SummaryLine *summary_add_line(Summary *summary, const char *key);

/* Adds a part to a line. Its words come from the calls that follow. */
void summary_add_part(SummaryLine *line, const char *name, const char *label);

/* Adds a word to the last part. Takes it over, and takes NULL for a lack of memory. */
void summary_add_word(SummaryLine *line, char *word);

/* Adds a part that is one of a few words for programs, and a text for people. */
void summary_add_fact(SummaryLine *line, const char *name, const char *word, const char *label);

/* Adds a part whose words are places: people get only the first ones. */
void summary_add_places(SummaryLine *line, const char *name, const char *label);

/* Adds the part "in memory" to the line of writable places. */
void summary_add_memory(SummaryLine *line);

/* Adds the user and the group of the payload. */
void summary_add_ids(SummaryLine *line, uid_t uid, gid_t gid);

/* If the line has no parts, adds the fact that there is nothing to say. */
void summary_add_none(SummaryLine *line, const char *label);

/* Removes the last part if it has no words. */
void summary_end_part(SummaryLine *line);

/* Adds an origin, unless it has no file or has just been added. */
void summary_add_origin(SummaryLine *line, Origin origin);

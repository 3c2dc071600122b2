/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The plan in about ten lines, each about one question that a person asks: what may the payload write, whom does it
 * reach? Each line names the lines of the policy that decided it. */

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

/* Fills *ret, which refers to the plan and the policy. Returns 0 or -ENOMEM. */
int plan_summarize(const Plan *plan, const Policy *policy, Summary *ret);
void summary_deinit(Summary *summary);

/* Prints the lines. Returns 0 or -ENOMEM. */
int summary_print(const Summary *summary, FILE *f);

/* Writes all that the summary has, for programs. Each line has words of util/word.h: "line KEY" begins one, "part NAME
 * list WORD..." or "part NAME text WORD" and "origin LINE [FILE]" belong to the last one. Returns 0 or -ENOMEM. */
int plan_write_summary(const Plan *plan, const Policy *policy, FILE *f);

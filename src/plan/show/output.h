/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The entries of a printed plan. An error is kept until output_finish(). */

#include "plan/plan.h"
#include "util/text.h"

/* Prints the entries of a plan, as text or as JSON. */
typedef struct PlanPrinter {
        /* Called once for each section, before its entries. */
        void (*section)(void *userdata, const char *name);
        /* origin is NULL if the entry does not come from the policy. by: "administrator" or "program", where the policy
         * is made of both, or "around"; NULL where it is not, and for a default. value is not escaped. */
        void (*entry)(void *userdata, const char *key, const char *value, const Origin *origin, const char *by);
        /* Where one of the two policies allows less than the other: a decision, and what it allows in words. */
        void (*decision)(void *userdata, const Decision *decision, const char *key, const char *value);
} PlanPrinter;

/* Sends entries to a printer. */
typedef struct Output {
        const Plan *plan;
        const Policy *policy;
        const PlanPrinter *printer;
        void *userdata;
        Text text; /* of an entry that is written piece by piece; reused for each */
        bool oom;  /* memory has run out */
} Output;

void output_section(Output *out, const char *name);

/* Prints an entry in one piece. origin may be NULL. */
void output_entry(Output *out, const char *key, const Origin *origin, const char *fmt, ...) _printf_(4, 5);

/* Begins an entry whose text is written piece by piece. Most entries are, because printf(3) takes several times as
 * long. Returns the text to add to, which belongs to out. */
Text *output_begin(Output *out);
void output_end(Output *out, const char *key, const Origin *origin);

/* Adds a word to an entry that consists of words; output_end_words() writes "none" for an entry without any. */
void output_add_word(Output *out, const char *word);
void output_end_words(Output *out, const char *key, const Origin *origin);

/* Prints an entry that consists of these strings, up to NULL. */
void output_joined(Output *out, const char *key, const Origin *origin, const char *const *strings);
#define JOINED(out, key, origin, ...) output_joined(out, key, origin, (const char *const[]) { __VA_ARGS__, NULL })

/* Finds the line of the policy that sets a directive; NULL if no line does. It belongs to the policy. */
const Origin *output_origin_of(const Output *out, DirectiveId id);

/* Frees the text. Returns 0 or -ENOMEM. */
int output_finish(Output *out);

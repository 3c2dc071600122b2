/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The options of the verbs that print a plan, and the form that they ask for. */

#include "cmd/command-line.h"
#include "plan/show/text.h"

#define FORM_OPTIONS                                                                                         \
        { ARG_VERBOSE, "verbose", "print all entries of the plan, each with the policy line that it comes from" }, \
        { ARG_TREE, "tree", "print the root as a tree: each read-only, writable, hidden or empty place, and why" }

static inline PlanForm form_of(const CommandLine *line) {
        return command_line_has(line, ARG_VERBOSE) ? FORM_WHOLE : command_line_has(line, ARG_TREE) ? FORM_TREE
                                                                                                  : FORM_SUMMARY;
}

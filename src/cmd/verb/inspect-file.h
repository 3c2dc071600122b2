/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What isoctl inspect finds out about one program. It never runs it. */

#include "policy/note.h"

typedef enum InspectState {
        INSPECT_NONE, /* it carries no policy */
        INSPECT_VALID,
        INSPECT_WRONG, /* its policy has errors, or its sidecar is refused, or the file is too broken to tell */
} InspectState;

typedef struct Inspected {
        char *file;
        char *architecture; /* "x86_64"; "script"; NULL: neither */
        InspectState state;
        Notes notes;
        char *description;  /* of the policy; NULL: none */
        int exposure;       /* in tenths, as isoctl analyze says it; -1: no plan can be made here */
        char **stages;      /* the names of its stages */
        char **errors;
} Inspected;

void inspected_deinit(Inspected *i);

/* Looks at the file that fd, open for reading, refers to. path leads to it, and has a slash. Returns 0 or -ENOMEM. */
int inspect_file(Inspected *ret, int fd, const char *path);

const char *inspect_state_name(InspectState state);

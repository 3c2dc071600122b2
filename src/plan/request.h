/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "policy/bindings.h"

typedef enum ManagerChoice {
        MANAGER_AUTO, /* the system's for root, the user's for others */
        MANAGER_SYSTEM,
        MANAGER_USER,
} ManagerChoice;

/* What the command line asks beside the policy. */
typedef struct PlanRequest {
        const char *name;      /* of the instance */
        const char *policy;    /* as given */
        char *const *arguments; /* of the command; NULL: the policy's ExecStart=, or none */
        bool need_command;
        bool no_scope;
        bool notify_exec;      /* --notify=exec */
        bool hand_over;
        bool need_terminal;    /* Terminal=private comes of --pty: there must be one to replace */
        bool writable_root;    /* the root, which is not the host's, is to be written: isoctl build */
        ManagerChoice manager;
        bool read_image;       /* an image that RootDirectory= names is mounted, at image, for the plan to look into; false:
                                  the plan is made without its contents, and can only be shown */
        int image;             /* fd of the detached mount; 0: RootDirectory= names no image */
        const Bindings *bindings; /* what names stand for; NULL: none is bound. It must outlive the plan. */
} PlanRequest;

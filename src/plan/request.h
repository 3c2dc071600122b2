/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "policy/bindings.h"

typedef enum ManagerChoice {
        MANAGER_AUTO, /* the system's for root, the user's for other users */
        MANAGER_SYSTEM,
        MANAGER_USER,
} ManagerChoice;

/* The parts of a command line that are not in the policy. */
typedef struct PlanRequest {
        const char *name;      /* the name of the instance */
        const char *policy;    /* as the caller gave it */
        dev_t program_device;  /* the program whose own policy this is: no other file may be executed under it */
        ino_t program_inode;   /* 0: the policy is not a program's */
        const char *program;   /* the real path of the program to execute, whatever arguments[0] is; NULL: arguments[0]
                                * names it */
        int program_fd;        /* the start checks that program still leads to the file of this fd */
        char *const *arguments; /* the command; NULL: ExecStart= of the policy, or none */
        bool need_command;
        bool no_scope;
        bool notify_exec;      /* --notify=exec */
        bool notify_fork;      /* --notify=fork */
        bool hand_over;
        bool measured;         /* the outcome is to tell what the instance has used */
        bool watch;            /* --why */
        int record;            /* --record: an fd of the file for the policy, open as long as the plan; 0: none */
        int detached;          /* isorun --detach in its service: the socket that a byte 0 is sent to when the command
                                * runs; 0: not detached */
        bool only_plan;        /* nothing is started: limits are compared with the service manager's controllers. A
                                * start asks the kernel, when they are set */
        bool explain;          /* the plan is for a reader: what a start on this host would refuse is a notice */
        bool typed;            /* the reader of messages has the options of isorun: plan/hint.h */
        bool need_terminal;    /* --pty: it is an error if no fd is a terminal */
        bool writable_root;    /* isoctl build: the root is writable; it is not the host's */
        ManagerChoice manager;
        bool read_image;       /* mount the image of RootDirectory=, at image; false: the plan can only be printed */
        int image;             /* fd of the detached mount; 0: the root is not an image */
        char *const *layers;   /* the directories of RootDirectory=image:…, lowest first */
        int layers_lock;       /* an fd that keeps them from being removed; 0: none */
        const char *image_id, *policy_digest; /* of such a root, "sha256:…"; NULL: none */
        bool symlinks_everywhere; /* all mounts of the host follow symlinks */
        const Bindings *bindings; /* for the names in the policy; NULL: none. It must live as long as the plan. */
} PlanRequest;

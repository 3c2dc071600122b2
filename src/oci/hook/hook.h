/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "oci/spec/spec.h"

typedef struct HookState {
        const char *id, *status; /* "created" and so on */
        pid_t pid;               /* 0: the container has stopped */
        char **environment;      /* of hooks for which config.json has none; NULL: that of this process */
} HookState;

enum { HOOK_ERROR_MAX = 256 };

/* Runs the hooks of a kind in their order, in the namespaces of this process, until one fails. Each gets the state of
 * the container as JSON on standard input, and standard error as standard output. Returns 0, or -errno with the number
 * of the hook, its path and the reason in error. */
int hooks_run(const Spec *spec, SpecHookKind kind, const HookState *state, char error[static HOOK_ERROR_MAX]);

/* The same, but a hook that fails is a notice, and the others run as if it had not failed. A signal that ends a hook
 * ends this, too, unless the hooks are those of poststop. Returns 0, or -EINTR, reported. */
int hooks_run_all(const Spec *spec, SpecHookKind kind, const HookState *state, Report *report);

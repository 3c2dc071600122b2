/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The namespaces that config.json names by path. They belong to others, whose processes may run there. */

#include "oci/spec/spec.h"
#include "util/report.h"

/* Opens them, each of the type that config.json says: ret[i] is that of spec_namespaces[i], or -1. The caller closes
 * them, also after an error. Returns 0 or -errno, reported. */
int joined_open(const Spec *spec, int ret[static SPEC_NAMESPACES], Report *report);

bool joined_any(const int fds[static SPEC_NAMESPACES]);

/* Joins all and closes their fds. This process is not dumpable, so that it cannot be traced from there. If it joins a
 * user namespace, it is in the root of staged.h, and keeps none of the caller's groups that it may drop. Returns 0 or
 * -errno, reported. */
int joined_enter(const Spec *spec, int fds[static SPEC_NAMESPACES], Report *report);

/* Drops the caller's groups before this process joins a user namespace where it may no longer do so: setgroups(2) can
 * be denied there. A caller without CAP_SETGID keeps them, as in a new user namespace. Returns 0 or -errno. */
int joined_drop_groups(const Spec *spec);

/* Fails with -EINVAL if this process has joined a user namespace with other maps than those of config.json, if that has
 * any. Before it has a child: nothing of this container may get into another's namespace. Returns 0 or -errno,
 * reported. */
int joined_check_maps(const Spec *spec, Report *report);

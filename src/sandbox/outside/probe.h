/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tries what each start does in the kernel, in a process of its own, so that isoctl doctor can say what this host
 * refuses. */

typedef enum ProbeStep {
        PROBE_USER_NAMESPACE, /* unshare(CLONE_NEWUSER), and one line in its id maps */
        PROBE_NAMESPACES,     /* the other namespaces, in it */
        PROBE_MOUNT,          /* a tmpfs on /tmp */
        PROBE_PROC,           /* a new /proc, which a masked /proc forbids: mount_namespaces(7) */
        PROBE_OVERLAY,        /* an overlay of two directories in that tmpfs */
        _PROBE_MAX,
} ProbeStep;

/* Tries all steps. Fills errors with 0 or the errno of each; a step that an earlier one has made impossible has
 * ECANCELED. Returns 0 or -errno. */
int probe_host(int errors[static _PROBE_MAX]);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The label that SELinux or AppArmor gives a process. No library is needed: the kernel takes it as text. */

#include "oci/spec/spec.h"
#include "sandbox/wire/failure.h"

/* Whether the host has SELinux, with a policy. A selinuxfs that is read-only means no, as libselinux has it: that is
 * how an engine tells its containers to leave labels alone. */
bool label_selinux_enabled(void);

/* The same for AppArmor. */
bool label_apparmor_enabled(void);

/* Gives the process the label or profile of config.json: the next execve(2) changes to it, or fails. Returns 0, or a
 * negative errno kept in f. */
int label_set(const SpecProcess *process, Failure *f);

/* Gives the next session keyring the label of the process, which otherwise could not read it. */
int label_next_keyring(const SpecProcess *process, Failure *f);

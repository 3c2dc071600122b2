/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether this process is in an instance of a policy already, or of a narrower one. Nothing is believed that somebody
 * else says, such as a variable, a name, a cgroup or a socket: the process measures what the kernel lets it do, and
 * compares that with the policy.
 *
 * It looks at no_new_privs, the system call filter (it makes each denied call), the capabilities, ids and limits, the
 * namespaces, the addresses of the network, the mounts, and the paths that the policy names. What cannot be seen from
 * inside: the limits of the unit; Landlock, which denies what the mounts deny, a second time; calls of other
 * architectures, for which the filter kills; which directory or image is the root, and what is in the volumes. The
 * program's starter can build surroundings in which all this is as measured, and can run another program as well; so
 * this is no proof against the starter. */

#include "plan/host.h"
#include "policy/policy.h"

enum { MISSING_MAX = 512 };

/* A cheap look at this process: false if no instance can be like that. */
bool measure_is_worthwhile(void);

/* Whether this process has a network namespace that was made for a sandbox, with no device but loopback. Returns 1, 0,
 * or -errno. */
int measure_private_network(void);

/* policy is complete: policy_complete(). Returns 1, or 0 and writes into missing, in one line, the first thing that
 * the policy asks for and that is not so; or -errno, reported, if something could not be measured. Forks a child for
 * the system calls, unless the filter denies that. */
int measure(const Policy *policy, const Host *host, char missing[static MISSING_MAX], Report *report);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* A process inside a container can reach the file of this program: as /proc/PID/exe, and as "#!/proc/self/exe" in a
 * file of the image. As root, it could write to the host's file that way (CVE-2019-5736). So this process must run a
 * copy in memory that nobody can change: this changes to one, or executes argv again from one. Returns 0 in the
 * copy, or -errno, reported. Call it before there are threads. */
int sealed_ensure(char *const *argv, char *const *environment, Report *report);

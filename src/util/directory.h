/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads a directory with fewer system calls than readdir(3), and into memory on the stack. */

/* Called for each entry except "." and "..", with its type (DT_REG and so on, see readdir(3)). A negative result ends
 * the reading. */
typedef int (*DirectoryVisit)(void *userdata, const char *name, unsigned char type);

/* Returns 0, or the negative result of visit, or -errno: of open(2), or if not all entries could be read. */
int directory_visit(const char *path, DirectoryVisit visit, void *userdata);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* Finds the type of the file system in an image, with libblkid, which is loaded for that. *ret is the type to mount it
 * as, a constant string. image is an fd to read from, and path its name for messages. Returns 0 or -errno, reported. */
int image_find_type(int image, const char *path, Origin origin, const char **ret, Report *report);

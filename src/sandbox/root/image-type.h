/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/report.h"

/* Finds what file system an image holds, by libblkid, which is loaded for that: *ret is the type to mount it as, a
 * constant. image: an fd to read from; path: of it, for messages. Returns 0 or -errno, reported. */
int image_find_type(int image, const char *path, Origin origin, const char **ret, Report *report);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/instance/instance.h"

/* The policy that the instance was started with: an absolute path, or a name. A relative path starts at isorun's
 * working directory; if it has no such file, the word was a policy's name. The caller frees it. Returns NULL,
 * reported. */
char *instance_policy(const Instance *instance, Report *report);

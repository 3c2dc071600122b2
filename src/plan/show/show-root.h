/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Prints the mounts of a plan: one section. */

#include "plan/show/output.h"

void show_root(Output *out);

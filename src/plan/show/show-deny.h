/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Prints the system call filter and the Landlock rules of a plan: a section each. */

#include "plan/show/output.h"

void show_filter(Output *out);
void show_landlock(Output *out);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

int build_command(RootBuilder *rb);

/* Checks that the command is the program whose own policy the plan is made of. */
int build_program(RootBuilder *rb);
int build_code_maker(RootBuilder *rb);
int build_working_directory(RootBuilder *rb);

/* Says in a notice which file, program or working directory that the caller may expect is hidden. Needs all mounts. */
int build_hints(RootBuilder *rb);

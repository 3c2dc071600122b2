/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/root/builder.h"

/* Gives the payload copies of the files that ssh(1) would refuse because of their owner, when all mounts have their
 * places. */
int build_ssh_config(RootBuilder *rb);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Mounts, and the command and directory that lie in them. */
int build_root(Builder *b);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the registration with systemd-machined. */
int build_machine(Builder *b);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* What systemd-machined is told. */
int build_machine(Builder *b);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* What systemd is told of the instance. */
int build_notify(Builder *b);

/* The payload can make no unix socket: says so where systemd listens, and nobody else speaks. */
void build_notify_is_mute(const Builder *b);

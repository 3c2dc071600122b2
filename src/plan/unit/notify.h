/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Plans the messages to systemd. */
int build_notify(Builder *b);

/* For a payload that cannot make unix sockets. Reports a notice if systemd expects messages, and isorun sends none for
 * the payload. */
void build_notice_if_mute(const Builder *b);

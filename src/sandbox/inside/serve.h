/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/payload.h"

/* In a process of its own that the reaper has forked: reads one request from the connection and carries it out. It
 * becomes the command that is asked for, or ends; in f, which the reaper shares, it leaves why it failed. */
_Noreturn void serve(const Payload *payload, int connection, Failure *f);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox/inside/payload.h"

/* In a process that the reaper has forked: reads one request from the connection and carries it out. The process
 * becomes the requested command, or ends. If it fails, it leaves the reason in f, which is shared with the reaper. */
_Noreturn void serve(const Payload *payload, int connection, Failure *f);

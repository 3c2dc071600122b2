/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl's end of a connection to an instance. */

#include "cmd/instance.h"
#include "sandbox/control.h"

/* Connects to the instance's isorun. *ret_uid (may be NULL) is whose it is. Returns the fd or -errno, reported. */
int talk_connect(const Instance *instance, uid_t *ret_uid, Report *report);

/* Asks for the plan, as a text file to be read. Returns its fd or -errno, reported. */
int talk_plan(const Instance *instance, Report *report);

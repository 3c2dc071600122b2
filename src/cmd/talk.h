/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* isoctl's end of a connection to an instance. */

#include "cmd/instance.h"
#include "sandbox/control.h"

/* Connects to the instance's isorun. *ret_uid (may be NULL) is whose it is. Returns the fd or -errno, reported. */
int talk_connect(const Instance *instance, uid_t *ret_uid, Report *report);

/* Asks a question that a text answers. Fills fds, n of them, of which the first is the text's file. Returns the fds'
 * owner's id in *ret_uid, and 0 or -errno, reported. */
int talk_ask(const Instance *instance, ControlType question, int *fds, unsigned n, uid_t *ret_uid, Report *report);

/* Asks for the plan, as a text file to be read. Returns its fd or -errno, reported. */
int talk_plan(const Instance *instance, Report *report);

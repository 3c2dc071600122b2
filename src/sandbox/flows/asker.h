/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Answers the questions of isoctl: wire/flow-question.h. */

#include "sandbox/flows/server.h"

/* Takes over a connection of isoctl, which does not block. */
void asker_add(Server *s, int connection);

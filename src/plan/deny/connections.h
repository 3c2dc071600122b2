/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/builder.h"

/* Adds the rules against connections that are made without connect(2), or where Landlock does not see them: if
 * connect(2) is denied, or a stage limits the peers. Returns 0 or -ENOMEM. */
int build_connection_rules(Builder *b);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text of policies/default.conf, for a machine that does not have the file. */
extern const char builtin_default_policy[];

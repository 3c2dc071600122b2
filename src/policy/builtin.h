/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text of policies/default.conf, for a machine on which it is not installed. */
extern const char builtin_default_policy[];

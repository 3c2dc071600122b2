/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the parts that answer questions. */

#include "plan/why/question.h"

/* These fill the answer in. They return 0 or -ENOMEM. */
int answer_allowed(WhyAnswer *a, const char *fmt, ...) _printf_(2, 3);
int answer_depends(WhyAnswer *a, const char *fmt, ...) _printf_(2, 3);
int answer_denied(WhyAnswer *a, int error, WhyMechanism mechanism, const char *fmt, ...) _printf_(4, 5);

/* Adds the line behind it. An origin without a file adds nothing. */
void answer_origin(WhyAnswer *a, Origin origin);

/* Adds the origin of a directive's value. */
void answer_directive(WhyAnswer *a, const Plan *plan, DirectiveId id);

/* Adds the line that would allow it. Returns 0 or -ENOMEM. */
int answer_allow(WhyAnswer *a, const char *opens, const char *fmt, ...) _printf_(3, 4);

/* What AbstractSockets=yes opens. */
extern const char why_opens_abstract[];

/* The payload's effective capabilities. */
uint64_t why_capabilities(const Plan *plan);

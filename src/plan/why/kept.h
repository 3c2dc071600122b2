/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Answers as text, one a line, for another process:
 *
 *     VERDICT ERRNO MECHANISM FILE LINE TEXT ALLOW OPENS
 *
 * The fields are words of util/word.h. An empty FILE means that the answer has no origin; an empty ALLOW, that no line
 * would allow it. */

#include <stdio.h>

#include "plan/why/question.h"

void why_answer_write(const WhyAnswer *answer, FILE *f);

/* Parses a line. The text may be from an attacker. Returns 0, -EPROTO or -ENOMEM. */
int why_answer_parse(const char *line, WhyAnswer *ret);

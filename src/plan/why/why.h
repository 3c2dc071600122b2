/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Reads a plan backwards. Says whether the payload may do something. If not, says which errno it gets, what denies it,
 * which line of the policy decides that, and which line would allow it. Looks only at the plan and at the host's files,
 * and does not interpret the policy a second time. The answer is about the instance as it starts. */

#include "plan/why/question.h"

/* The words of the actions; ends with NULL. */
extern const char *const why_actions[];

/* The words of the verdicts and mechanisms; end with NULL. */
extern const char *const why_verdicts[];
extern const char *const why_mechanisms[];

/* The message for -EINVAL of the two functions below; the words of the question are its arguments. */
#define WHY_NO_QUESTION "not a question that isoctl can answer: %s %s (see isoctl why --help)"

/* Parses the words of a question. call is NAME or NAME(ARGUMENT,…), where an argument is a number or AF_*, and object
 * must live as long as *ret. *ret_name, which the caller frees, is what ret->object points to if a call has arguments.
 * Returns 0, -ENOMEM, or -EINVAL. */
int why_question_parse(const char *action, const char *object, WhyQuestion *ret, char **ret_name);

/* Answers a question. Returns 0, -ENOMEM, or -EINVAL if the object cannot be one of this action: a relative path, or a
 * name that nothing has. The plan needs its rules (plan_forget_rules()). */
int plan_why(const Plan *plan, const WhyQuestion *question, WhyAnswer *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "sandbox/inside/payload.h"
#include "sandbox/wire/control.h"

/* Writes the text that answers a request. Returns 0 or -errno. */
typedef int (*AnswerWriter)(const Payload *payload, FILE *f);

/* The writer for a request of this type (ControlType); NULL if its answer is not only a text. The process must end
 * after a call of the writer, which may leave its namespaces. */
AnswerWriter answer_writer(int32_t type);

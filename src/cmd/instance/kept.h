/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cmd/instance/instance.h"
#include "sandbox/wire/control.h"

/* Whether the reaper of an instance that was handed over keeps an answer to the question: wire/kept-answers.h. */
bool kept_has(int32_t question);

/* Reads that answer from the reaper. Only root can. Waits until the reaper has written it. Returns 0 with a text, which
 * the caller frees, or -errno, reported. */
int kept_read(const Instance *instance, int32_t question, char **ret, Report *report);
